//! A fake Asterisk: ARI over HTTP and WebSocket.
