//! Samples as a WAV file.

use std::io::Cursor;

use hound::{SampleFormat, WavSpec, WavWriter};

use super::ConvertError;

/// A mono 16-bit file.
pub(super) fn write(samples: &[f32], rate: u32) -> Result<Vec<u8>, ConvertError> {
    let spec = WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut bytes = Cursor::new(Vec::with_capacity(44 + samples.len() * 2));
    let written = WavWriter::new(&mut bytes, spec).and_then(|mut writer| {
        for sample in samples {
            // A cast from a float ends at the ends of the range.
            writer.write_sample((sample * 32_767.0).round() as i16)?;
        }
        writer.finalize()
    });
    // To memory, with a length that was checked: nothing is known to fail.
    written.map_err(|error| ConvertError::Damaged(error.to_string()))?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_as_both_switches_read_it() {
        let bytes = write(&[0.0, 1.0, -1.0, 2.0, -2.0, f32::NAN], 8_000).expect("a file");
        assert_eq!(bytes.len(), 44 + 12);
        assert_eq!((&bytes[..4], &bytes[8..16], &bytes[36..40]), (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..]));
        let samples: Vec<i16> =
            hound::WavReader::new(&bytes[..]).expect("readable").samples().collect::<Result<_, _>>().expect("samples");
        assert_eq!(samples, [0, 32_767, -32_767, 32_767, -32_768, 0]);
    }
}
