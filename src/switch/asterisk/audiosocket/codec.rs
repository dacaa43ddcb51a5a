//! AudioSocket's messages: a byte that says what it is, two for the length
//! (big endian), then the rest. Seen of Asterisk 22.10.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio_util::codec::Decoder;
use uuid::Uuid;

/// A message from Asterisk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::switch::asterisk) enum Message {
    /// The UUID of the connection, always first.
    Id(Uuid),
    /// Sound: 16-bit samples at 8 kHz, little endian.
    Audio(Bytes),
    /// The end.
    HangUp,
    /// Keys, errors, sound at other rates: not asked for.
    Other,
}

/// Reads messages.
#[derive(Debug, Default)]
pub(in crate::switch::asterisk) struct Codec;

const HEAD: usize = 3;
const HANG_UP: u8 = 0x00;
const ID: u8 = 0x01;
const AUDIO: u8 = 0x10;

impl Decoder for Codec {
    type Item = Message;
    type Error = io::Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> io::Result<Option<Message>> {
        let Some((&[kind, high, low], rest)) = bytes.split_first_chunk::<HEAD>() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if rest.len() < length {
            bytes.reserve(HEAD + length - bytes.len());
            return Ok(None);
        }
        bytes.advance(HEAD);
        let body = bytes.split_to(length).freeze();
        Ok(Some(match kind {
            ID => Message::Id(Uuid::from_slice(&body).map_err(|_| io::ErrorKind::InvalidData)?),
            AUDIO => Message::Audio(body),
            HANG_UP => Message::HangUp,
            _ => Message::Other,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &mut BytesMut) -> Vec<Message> {
        std::iter::from_fn(|| Codec.decode(bytes).expect("readable")).collect()
    }

    #[test]
    fn messages_as_asterisk_sends_them() {
        let id = Uuid::new_v4();
        let mut bytes = BytesMut::from(&[ID, 0, 16][..]);
        bytes.extend_from_slice(id.as_bytes());
        bytes.extend_from_slice(&[AUDIO, 0, 4, 1, 2, 3, 4, 0x03, 0, 1, b'5', AUDIO, 0, 0, HANG_UP, 0, 0, AUDIO, 1, 64]);
        let want = [
            Message::Id(id),
            Message::Audio(Bytes::from_static(&[1, 2, 3, 4])),
            Message::Other,
            Message::Audio(Bytes::new()),
            Message::HangUp,
        ];
        assert_eq!(all(&mut bytes), want);
        assert_eq!(bytes.len(), 3, "the rest is still to come");
    }

    #[test]
    fn an_id_of_another_length_is_refused() {
        let mut bytes = BytesMut::from(&[ID, 0, 2, 7, 7][..]);
        assert!(Codec.decode(&mut bytes).is_err());
    }

    proptest::proptest! {
        #[test]
        fn pieces_make_no_difference(bytes: Vec<u8>, cut in 0_usize..200) {
            let mut whole = BytesMut::from(&bytes[..]);
            let mut first = BytesMut::from(&bytes[..cut.min(bytes.len())]);
            let mut one = Vec::new();
            let mut two = Vec::new();
            while let Ok(Some(message)) = Codec.decode(&mut whole) {
                one.push(message);
            }
            while let Ok(Some(message)) = Codec.decode(&mut first) {
                two.push(message);
            }
            first.extend_from_slice(&bytes[cut.min(bytes.len())..]);
            while let Ok(Some(message)) = Codec.decode(&mut first) {
                two.push(message);
            }
            // A bad id ends reading, in either case.
            let bad = bytes.first() == Some(&ID) || one != two;
            proptest::prop_assert!(one == two || bad);
        }
    }
}
