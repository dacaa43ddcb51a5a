"""When the detector decides, as src/audio/amd/params.rs has it, on what a network said of files; and which rule is best."""
from typing import NamedTuple

import numpy as np

FRAME_MS = 20


class Rule(NamedTuple):
    """Log-odds of a person. What is enough in a pause; what is a machine while it speaks; and after a long silence, in seconds,
    what is a person and what a machine: between them it goes on listening."""
    person: float = 4.595
    machine: float = -4.5
    end: float = 1.8
    final: float = 2.0
    unlikely: float = -1.2
    least: float = 0.1
    spoken: float = 1.0
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
        """The verdict on each file as a word, and when, in ms."""
        pause, over = self.silence >= rule.least - 0.001, self.silence >= rule.end - 0.001
        person = pause & (self.odds >= rule.person) | over & (self.odds >= rule.final)
        other = over & (self.odds < rule.unlikely) | (self.odds <= rule.machine) & (self.long >= rule.spoken)
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
        share = lambda some, word: 100 * float(np.mean(verdict[some] == word))
        return (share(self.people, "machine"), share(self.people, "unsure"), share(~self.people, "human"), share(~self.people, "unsure"),
                float(np.median(ms[self.people & (verdict == "human")])))

    def by_class(self, rule):
        verdict, ms = self.decide(rule)
        for cls in sorted(set(self.classes)):
            some = self.classes == cls
            words = {word: int(np.sum(verdict[some] == word)) for word in ("human", "machine", "unsure")}
            print(f"  {cls}: {words}, median {np.median(ms[some]):.0f} ms")

    def best(self, lost, taken):
        """The rule with which people wait least, on the mean, while no more of them, and of the machines, in percent, are
        mistaken than that. Who is left unsure has waited to the end; a machine counts a tenth."""
        steps = {"person": (-1, -0.4, -0.1, 0.1, 0.4, 1), "machine": (-1, -0.3, 0.3, 1), "end": (-0.2, -0.1, 0.1, 0.2), "final": (-0.5, -0.2, 0.2, 0.5), "unlikely": (-0.5, -0.2, 0.2, 0.5)}

        def cost(rule):
            if not (0.8 <= rule.end <= 1.99 and rule.unlikely <= rule.final <= rule.person):
                return np.inf
            verdict, ms = self.decide(rule)
            over = max(0, 100 * np.mean(verdict[self.people] == "machine") - lost) + max(0, 100 * np.mean(verdict[~self.people] == "human") - taken)
            waited = np.where(verdict == "unsure", 7000, ms)
            return 1000 * over + np.mean(waited[self.people]) + 0.1 * np.mean(waited[~self.people])

        found = []
        for rule in (Rule(), Rule(person=5.5, machine=-3.5, end=1.8, final=1.5, unlikely=-1.5)):
            least = cost(rule)
            while True:
                tried = [rule._replace(**{name: round(getattr(rule, name) + by, 3)}) for name, bys in steps.items() for by in bys]
                costs = [cost(other) for other in tried]
                if min(costs) >= least - 0.01:
                    break
                least, rule = min(costs), tried[int(np.argmin(costs))]
            found.append((least, rule))
        return min(found)[1]
