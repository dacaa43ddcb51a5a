//! The outline of a sound, for a page to draw.

/// The parts a sound is divided into.
pub const POINTS: usize = 200;

/// The loudest moment of each part, in hundredths of full scale. A sound of
/// fewer samples than parts repeats some.
pub(super) fn points(samples: &[f32]) -> Vec<u8> {
    (0..POINTS)
        .map(|point| {
            let start = point * samples.len() / POINTS;
            let end = ((point + 1) * samples.len() / POINTS).max(start + 1).min(samples.len());
            let peak = samples[start.min(end)..end].iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
            (peak * 100.0).round().clamp(0.0, 100.0) as u8
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rising_sound_has_a_rising_outline() {
        let samples: Vec<f32> =
            (0..16_000).map(|n| if n % 2 == 0 { 1.0 } else { -1.0 } * n as f32 / 16_000.0).collect();
        let outline = points(&samples);
        assert_eq!(outline.len(), POINTS);
        assert!(outline.is_sorted(), "{outline:?}");
        assert_eq!((outline[0], outline[POINTS - 1]), (0, 100));
    }

    #[test]
    fn any_length_has_an_outline() {
        assert_eq!(points(&[]), [0; POINTS]);
        assert_eq!(points(&[0.5]), [50; POINTS]);
        assert_eq!(points(&[2.0; 300]), [100; POINTS]);
    }
}
