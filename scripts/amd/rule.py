"""When the detector decides, as src/audio/amd/params.rs has it, on what a network said of files; and which rule is best."""
import itertools
from typing import NamedTuple

import numpy as np

FRAME_MS = 20


class Rule(NamedTuple):
    """Log-odds of a person: how much is enough at once, by how much less after each second of silence; how little is a
    machine while it speaks, after so many seconds; and when silence ends it all, in seconds, how much is a person."""
    person: float = 4.595
    fall: float = 0.0
    machine: float = -4.5
    spoken: float = 1.0
    end: float = 1.62
    final: float = -0.405
    least: float = 0.1
    longest: float = 5.0


class Heard:
    """Files as tables: a row each, a column for each frame."""

    def __init__(self, files, odds, begun, silence, long, step):
        length = max(len(frames) for *_, frames in files)
        self.classes = np.array([cls for _, cls, *_ in files])
        self.people = np.char.startswith(self.classes, "human")
        self.otherwise = [(answer["verdict"] if answer["at_ms"] < 7000 else "unsure", answer["at_ms"]) for _, _, _, answer, _ in files]
        self.begun, self.there = np.zeros((2, len(files), length), bool)
        self.silence, self.long, self.odds = np.zeros((3, len(files), length), np.float32)
        for row, ((*_, frames), said) in enumerate(zip(files, odds)):
            count = len(frames)
            self.there[row, :count], self.begun[row, :count] = True, frames[:, begun] > 0
            self.silence[row, :count], self.long[row, :count] = frames[:, silence], frames[:, long] * 3
            said = np.concatenate([np.zeros(step - 1, np.float32), np.repeat(said, step)])[:count]
            self.odds[row, :count] = np.pad(said, (0, count - len(said)), mode="edge")

    def decide(self, rule):
        """(person or not, the verdict as a word, ms) of each file."""
        over = self.silence >= rule.end - 0.001
        enough = rule.person - rule.fall * (self.silence - rule.least)
        person = (self.silence >= rule.least - 0.001) & (self.odds >= enough) & ~over | over & (self.odds >= rule.final)
        other = over & (self.odds < rule.final) | (self.odds <= rule.machine) & (self.long >= rule.spoken)
        too_long = self.long >= rule.longest - 0.001
        decided = (person | other | too_long) & self.begun & self.there
        first = decided.argmax(axis=1)
        rows, some = np.arange(len(first)), decided.any(axis=1)
        human = person[rows, first] & ~too_long[rows, first]
        verdict = np.where(some, np.where(human, "human", "machine"), [verdict for verdict, _ in self.otherwise])
        return verdict, np.where(some, (first + 1) * FRAME_MS, [at for _, at in self.otherwise])

    def figures(self, rule):
        """Shares of people taken for machines and unsure, of machines for people and unsure, the median of people in ms."""
        verdict, ms = self.decide(rule)
        share = lambda some, word: 100 * np.mean(verdict[some] == word)
        return (share(self.people, "machine"), share(self.people, "unsure"), share(~self.people, "human"), share(~self.people, "unsure"),
                np.median(ms[self.people & (verdict == "human")]))

    def by_class(self, rule):
        verdict, ms = self.decide(rule)
        for cls in sorted(set(self.classes)):
            some = self.classes == cls
            words = {word: int(np.sum(verdict[some] == word)) for word in ("human", "machine", "unsure")}
            print(f"  {cls}: {words}, median {np.median(ms[some]):.0f} ms")

    def best(self, lost, taken, start=Rule()):
        """The rule with which people wait least (the mean of their times, up to 3 s) while no more of them, and of the machines, in
        percent, are mistaken than that."""
        steps = {"person": (-1, -0.5, -0.2, 0.2, 0.5, 1), "fall": (-2, -1, -0.5, 0.5, 1, 2), "machine": (-2, -1, -0.5, 0.5, 1, 2), "spoken": (-0.5, 0.5), "end": (-0.2, -0.1, 0.1, 0.2), "final": (-1, -0.5, -0.2, 0.2, 0.5, 1)}

        def cost(rule):
            if not (0.8 <= rule.end <= 2.0 and rule.fall >= 0 and rule.spoken >= 1.0):
                return np.inf
            verdict, ms = self.decide(rule)
            people = verdict[self.people]
            over = max(0, 100 * np.mean(people == "machine") - lost) + max(0, 100 * np.mean(verdict[~self.people] == "human") - taken)
            waited = np.where(people == "human", np.minimum(ms[self.people], 3000), 3000)
            return 1000 * over + np.mean(waited) + 0.02 * np.mean(ms[~self.people]) + 10 * 100 * np.mean(people == "unsure")

        rule, least = start, cost(start)
        while True:
            tried = [rule._replace(**{name: getattr(rule, name) + by}) for name, bys in steps.items() for by in bys]
            tried += [rule._replace(person=rule.person + a, fall=rule.fall + b) for a, b in itertools.product((-0.5, 0.5), (-1, 1))]
            costs = [cost(other) for other in tried]
            if min(costs) >= least - 0.01:
                return rule
            least, rule = min(costs), tried[int(np.argmin(costs))]
