//! A fake FreeSWITCH: the event socket over TCP.
