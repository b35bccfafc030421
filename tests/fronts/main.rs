//! Proxies that others wrote, each in front of a server by the configuration that the book has for it: uploads, early refusals, events,
//! WebSockets, clients that go away, and clients that lie about who they are.
#![cfg(target_os = "linux")]

mod app;
mod asking;
mod front;
#[path = "../installed/mod.rs"]
mod installed;
#[path = "../proxy/mod.rs"]
mod proxy;
#[path = "../running/mod.rs"]
mod running;

use std::net::Shutdown;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use vernal::websocket::{Deflate, Message, connect};

use app::House;
use asking::{ask, get, read_until, vanish};
use front::{Front, Kind};
use running::{PATIENCE, Running};

#[tokio::test]
async fn nginx() {
    judge(Kind {
        name: "nginx",
        program: "nginx",
        arguments: &["-e", "stderr", "-c", "{file}"],
        around: "daemon off; master_process off; pid {folder}/pid;\nevents {}\nhttp {\n access_log off;\n\
                 client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};\n\
                 uwsgi_temp_path {folder}; scgi_temp_path {folder};\n{book}\n}\n",
        port: ("listen 80;", "listen 127.0.0.1:{port};"),
        streams_uploads: true,
        tells_of_the_gone: true,
        clears_all: true,
    })
    .await;
}

#[tokio::test]
async fn haproxy() {
    judge(Kind {
        name: "HAProxy",
        program: "haproxy",
        arguments: &["-db", "-f", "{file}"],
        around: "{book}\n",
        port: ("bind *:80", "bind 127.0.0.1:{port}"),
        streams_uploads: true,
        tells_of_the_gone: false,
        clears_all: true,
    })
    .await;
}

#[tokio::test]
async fn apache() {
    judge(Kind {
        name: "Apache",
        program: "apache2",
        arguments: &["-D", "FOREGROUND", "-f", "{file}"],
        around: "ServerRoot {folder}\nDefaultRuntimeDir {folder}\nPidFile {folder}/pid\nErrorLog /dev/stderr\n\
                 LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n\
                 LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n\
                 LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so\n\
                 LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so\n\
                 LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so\n\
                 Listen 127.0.0.1:{port}\n{book}\n",
        port: ("<VirtualHost *:80>", "<VirtualHost 127.0.0.1:{port}>"),
        streams_uploads: true,
        tells_of_the_gone: false,
        clears_all: true,
    })
    .await;
}

#[tokio::test]
async fn caddy() {
    judge(Kind {
        name: "Caddy",
        program: "caddy",
        arguments: &["run", "--adapter", "caddyfile", "--config", "{file}"],
        around: "{\n admin off\n}\n{book}\n",
        port: ("example.org {", "http://:{port} {\n bind 127.0.0.1"),
        streams_uploads: true,
        tells_of_the_gone: true,
        clears_all: true,
    })
    .await;
}

#[tokio::test]
async fn lighttpd() {
    judge(Kind {
        name: "lighttpd",
        program: "lighttpd",
        arguments: &["-D", "-f", "{file}"],
        around: "server.bind = \"127.0.0.1\"\nserver.upload-dirs = ( \"{folder}\" )\n{book}\n",
        port: ("server.port = 80", "server.port = {port}"),
        streams_uploads: true,
        tells_of_the_gone: false,
        clears_all: true,
    })
    .await;
}

#[tokio::test]
async fn varnish() {
    judge(Kind {
        name: "Varnish",
        program: "varnishd",
        arguments: &["-F", "-j", "none", "-a", "127.0.0.1:{port}", "-f", "{file}", "-n", "{folder}/work"],
        around: "{book}\n",
        port: ("", ""),
        streams_uploads: true,
        tells_of_the_gone: false,
        clears_all: true,
    })
    .await;
}

#[tokio::test]
async fn h2o() {
    judge(Kind {
        name: "H2O",
        program: "h2o",
        arguments: &["-c", "{file}"],
        around: "{book}\n",
        port: ("listen: 80", "listen: { host: 127.0.0.1, port: {port} }"),
        streams_uploads: false,
        tells_of_the_gone: false,
        clears_all: false,
    })
    .await;
}

/// A client that is no proxy, and another one.
const CLIENTS: [&str; 2] = ["127.0.0.5", "127.0.0.6"];

async fn judge(kind: Kind) {
    let (server, mut house) = app::server();
    let server =
        Running::start(server.trusted_proxies(["127.0.0.1"]).websocket_deflate(Deflate::default())).await;
    let front = Front::start(&kind, server.address).await;
    clients_have_no_say(&kind, &front).await;
    paths_come_as_they_are(&front).await;
    uploads_arrive(&kind, &front, &mut house).await;
    early_refusals_arrive(&front).await;
    events_come_one_by_one(&front, &mut house).await;
    messages_are_compressed(&front, &mut house).await;
    clients_that_vanish_are_missed(&kind, &front, &mut house).await;
    drop(front);
    server.stop().await;
    // What is read of a host, too.
    if kind.clears_all {
        let fields = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"];
        let (server, _) = app::server();
        let server = Running::start(server.trusted_proxies(["127.0.0.1"]).proxy_fields(fields)).await;
        let front = Front::start(&kind, server.address).await;
        clients_have_no_say(&kind, &front).await;
        drop(front);
        server.stop().await;
    }
}

/// Address, scheme and host are right whatever clients write.
async fn clients_have_no_say(kind: &Kind, front: &Front) {
    let lies = [
        "",
        "Forwarded: for=6.6.6.6;proto=https;host=evil.example\r\nX-Forwarded-For: 6.6.6.6\r\n\
         X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Port: 443\r\n",
        "X-Forwarded-For: 6.6.6.6, 127.0.0.1\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: https, https\r\n",
        "x-forwarded-for:\t6.6.6.6\t\r\nX_Forwarded_For: 6.6.6.6\r\nX-FORWARDED-PROTO:https\r\n",
        "X-Forwarded-For: unix\r\nX-Real-IP: 6.6.6.6\r\nX-Forwarded-Ssl: on\r\nFront-End-Https: on\r\n",
        "X-Forwarded-For: \"127.0.0.1\r\nX-Forwarded-Host: evil.example, evil.example\r\n",
        "Forwarded: for=127.0.0.1\r\nForwarded: for=unix;proto=https\r\n",
        // Fields that it names are for the proxy alone, so that a proxy might take away what it has written itself; or it refuses that.
        "Connection: close, X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, Forwarded\r\n\
         X-Forwarded-For: 6.6.6.6\r\n",
        "Connection: close, Host\r\nX-Forwarded-For: 6.6.6.6\r\n",
    ];
    for fields in lies {
        for client in CLIENTS {
            let answer = get(front.address, client, "/who", fields).await;
            if fields.starts_with("Connection: ") && answer.status == 400 {
                continue;
            }
            let (who, passed) = answer.body.split_once('\n').unwrap_or((&answer.body, ""));
            assert_eq!(
                (answer.status, who),
                (200, &*format!("{client} http own.example")),
                "{}: {fields}{passed}\n{}",
                kind.name,
                front.log()
            );
            let is_clear = !["6.6.6.6", "evil", "127.0.0.1", "unix"].iter().any(|lie| passed.contains(lie));
            assert!(is_clear || !kind.clears_all, "{}: {fields}passes as {passed}", kind.name);
        }
    }
}

async fn paths_come_as_they_are(front: &Front) {
    for path in ["/path/a%2Fb", "/path/plain?a=1&b=%2F%20+", "/path/%C3%A4"] {
        let answer = get(front.address, CLIENTS[0], path, "").await;
        assert_eq!((answer.status, &*answer.body), (200, path), "{}", front.log());
    }
}

/// Whole, however they are sent, and while they are sent where the proxy does so.
async fn uploads_arrive(kind: &Kind, front: &Front, house: &mut House) {
    let half: Vec<u8> = (0..1 << 20).map(|index| (index % 251) as u8).collect();
    let sum: u64 = half.iter().map(|byte| u64::from(*byte)).sum();
    let said = format!("{} bytes, {}", 2 * half.len(), 2 * sum);
    let head = "PUT /take HTTP/1.1\r\nHost: own.example\r\nConnection: close\r\n";
    let sized = format!("{head}Content-Length: {}\r\n\r\n", 2 * half.len());
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
    let chunk = [format!("{:x}\r\n", half.len()).as_bytes(), &half, b"\r\n"].concat();
    for (name, head, part, end) in [("sized", sized, &half, ""), ("chunked", chunked, &chunk, "0\r\n\r\n")] {
        let whole = [head.as_bytes(), part, part, end.as_bytes()].concat();
        let answer = ask(front.address, CLIENTS[0], &whole).await;
        assert_eq!((answer.status, &*answer.body), (200, &*said), "{}, {name}: {}", kind.name, front.log());
        house.hear("left an upload").await;
        if kind.streams_uploads {
            let mut stream = asking::connect(front.address, CLIENTS[0]).await;
            stream.write_all(&[head.as_bytes(), part].concat()).await.expect("it reads");
            house.hear("an upload has begun").await;
            stream.write_all(&[part, end.as_bytes()].concat()).await.expect("it reads");
            read_until(&mut stream, &mut String::new(), &said).await;
            house.hear("left an upload").await;
        }
    }
}

/// Whatever has been sent of the body by then.
async fn early_refusals_arrive(front: &Front) {
    for (size, rounds) in [(2 << 20, 4), (8 << 20, 4), (30 << 20, 1)] {
        let head = format!(
            "PUT /small HTTP/1.1\r\nHost: own.example\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
        );
        let request = [head.as_bytes(), &vec![b'b'; size]].concat();
        for round in 0..rounds {
            let answer = ask(front.address, CLIENTS[0], &request).await;
            assert_eq!(answer.status, 413, "{size} bytes, round {round}: {answer:?}\n{}", front.log());
            assert!(answer.body.contains("1024"), "it is the server that says so: {answer:?}");
        }
    }
}

/// Each one is seen before the next one is sent.
async fn events_come_one_by_one(front: &Front, house: &mut House) {
    let mut stream = asking::connect(front.address, CLIENTS[0]).await;
    let request = "GET /events HTTP/1.1\r\nHost: own.example\r\nAccept-Encoding: gzip, br\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut seen = String::new();
    for number in 1..=3 {
        house.send_event();
        read_until(&mut stream, &mut seen, &format!("data: number {number}\n\n")).await;
    }
    vanish(stream);
    house.hear("left the events").await;
}

/// Both ways, of a page of the site, until one side closes.
async fn messages_are_compressed(front: &Front, house: &mut House) {
    for end in ["closes", "vanishes"] {
        let stream = asking::connect(front.address, CLIENTS[0]).await.into_std().expect("a socket");
        let line = stream.try_clone().expect("a descriptor");
        let stream = TcpStream::from_std(stream).expect("a socket");
        let opening = connect("ws://own.example/echo")
            .header("origin", "http://own.example")
            .deflate(Deflate::default());
        let mut session =
            opening.over(stream).await.unwrap_or_else(|error| panic!("{error:?}\n{}", front.log()));
        let extensions = session.session().extensions();
        assert!(extensions.iter().any(|one| one.starts_with("permessage-deflate")), "{extensions:?}");
        for message in
            [Message::text("a".repeat(200_000)), Message::binary(vec![7; 70_000]), Message::text("")]
        {
            session.send(message.clone()).await.expect("it is open");
            let echo = timeout(PATIENCE, session.next()).await.expect("it comes");
            assert_eq!(echo, Some(message), "{}", front.log());
        }
        match end {
            "closes" => {
                session.close(4001, "enough").expect("it is open");
                house.hear("closed with 4001").await;
            }
            _ => {
                line.shutdown(Shutdown::Both).expect("it is open");
                house.hear("closed with 1006").await;
            }
        }
    }
}

/// Handlers and streams are dropped, whatever they are at.
async fn clients_that_vanish_are_missed(kind: &Kind, front: &Front, house: &mut House) {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: own.example\r\n\r\n");
    let mut stream = asking::connect(front.address, CLIENTS[0]).await;
    stream.write_all(get("/written").as_bytes()).await.expect("it reads");
    read_until(&mut stream, &mut String::new(), "wwww").await;
    vanish(stream);
    house.hear("left an answer").await;
    if kind.streams_uploads {
        let mut stream = asking::connect(front.address, CLIENTS[0]).await;
        let head = "PUT /take HTTP/1.1\r\nHost: own.example\r\nContent-Length: 4000000\r\n\r\n";
        stream.write_all(&[head.as_bytes(), &[b'b'; 1 << 20]].concat()).await.expect("it reads");
        house.hear("an upload has begun").await;
        vanish(stream);
        house.hear("left an upload").await;
    }
    if kind.tells_of_the_gone {
        let mut stream = asking::connect(front.address, CLIENTS[0]).await;
        stream.write_all(get("/wait").as_bytes()).await.expect("it reads");
        house.hear("waits").await;
        vanish(stream);
        house.hear("left a wait").await;
    }
}
