//! Raw audio by `unicast`, on loopback.

use std::time::Duration;

use tokio::net::UdpSocket;

use crate::client::*;

const FRAME: usize = 320;

/// A port nobody uses just now.
async fn free_port() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    socket.local_addr().expect("an address").port()
}

fn unicast(local: u16, remote: u16) -> String {
    format!(
        "sendmsg u\ncall-command: unicast\nlocal-ip: 127.0.0.1\nlocal-port: {local}\nremote-ip: 127.0.0.1\n\
         remote-port: {remote}\ntransport: udp"
    )
}

/// Whether audio arrives. Silence is waited for only for a while.
async fn hears(socket: &UdpSocket) -> bool {
    let mut datagram = [0; 2 * FRAME];
    let received = tokio::time::timeout(Duration::from_millis(300), socket.recv(&mut datagram)).await;
    received.is_ok_and(|len| len.expect("audio") == FRAME)
}

/// Throws away what has arrived by now.
fn drain(socket: &UdpSocket) {
    while socket.try_recv(&mut [0; FRAME]).is_ok() {}
}

#[tokio::test]
async fn audio_flows_until_a_playback_and_again_after_parking_anew() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, "CHANNEL_PARK CHANNEL_EXECUTE_COMPLETE").await;
    client.ask(&originate("u", "1")).await;
    client.wait_for("CHANNEL_PARK").await;
    let ours = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let our_port = ours.local_addr().expect("an address").port();
    let first = free_port().await;
    assert!(client.ask(&unicast(first, our_port)).await.head.ends_with("Reply-Text: +OK"));
    assert!(hears(&ours).await);

    // The callee gives back what it hears.
    let spoken = [0x5a; FRAME];
    ours.send_to(&spoken, ("127.0.0.1", first)).await.expect("sent");
    let mut heard = [0; FRAME];
    while heard != spoken {
        ours.recv(&mut heard).await.expect("audio");
    }

    client
        .ask("sendmsg u\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: silence_stream://20")
        .await;
    client.wait_for("CHANNEL_EXECUTE_COMPLETE").await;
    drain(&ours);
    let second = free_port().await;
    client.ask(&unicast(second, our_port)).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    drain(&ours);
    assert!(!hears(&ours).await, "audio comes back only after parking");

    client.api("uuid_park u").await;
    client.wait_for("CHANNEL_PARK").await;
    client.ask(&unicast(first, our_port)).await;
    assert!(!hears(&ours).await, "a used port does not serve again");
    client.ask(&unicast(free_port().await, our_port)).await;
    assert!(hears(&ours).await);
}

#[tokio::test]
async fn audio_goes_to_loopback_only() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, "CHANNEL_PARK").await;
    client.ask(&originate("u", "1")).await;
    client.wait_for("CHANNEL_PARK").await;
    let ours = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let port = ours.local_addr().expect("an address").port();
    client.ask(&unicast(free_port().await, port).replace("local-ip: 127.0.0.1", "local-ip: 0.0.0.0")).await;
    assert!(!hears(&ours).await);
    client.ask(&unicast(free_port().await, port)).await;
    assert!(hears(&ours).await);
}
