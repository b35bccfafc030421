//! The lesson `cluster`: three processes, a chat across them, in windows of a browser too, and one of them killed.

mod chat_page;
mod redis;
#[expect(dead_code, reason = "other tests choose files and count elements")]
mod webdriver;

use std::env;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::timeout;
use vernal::websocket::{WebSocket, connect};

use self::chat_page::say;
use self::redis::{Redis, free_port, until};
use self::webdriver::{Browser, Window};

/// Three nodes have ports one after the other, of which only the first has been looked for.
static ALONE: Mutex<()> = Mutex::const_new(());

/// The three, and what they were started by.
struct Cluster {
    child: Child,
    /// Process and port of each.
    nodes: Vec<(String, u16)>,
}

impl Cluster {
    fn start(redis: &Redis) -> Cluster {
        let test = env::current_exe().expect("this test has a file");
        let folder = test.ancestors().nth(2).expect("it is in target/debug/deps").join("examples");
        let binary = folder.join("cluster");
        let told =
            format!("{} is not built: run `cargo build --examples --features redis`", binary.display());
        assert!(binary.exists(), "{told}");
        let mut command = Command::new(binary);
        command.env("VERNAL_PORT", free_port().to_string()).env("REDIS_URL", redis.url());
        command.env_remove("VERNAL_HOST").env_remove("CLUSTER_NODE").process_group(0);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the example starts");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let lines = lines.map(|line| line.expect("text")).filter(|line| line.starts_with("node "));
        let nodes: Vec<_> = lines
            .take(3)
            .map(|line| {
                let (_, rest) = line.split_once("process ").expect("a process");
                let (process, rest) = rest.split_once(": http://localhost:").expect("a port");
                (process.to_owned(), rest.trim_end_matches('/').parse().expect("a port"))
            })
            .collect();
        let cluster = Cluster { child, nodes };
        for (_, port) in &cluster.nodes {
            until("a node", || TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok());
        }
        cluster
    }

    async fn enter(&self, node: usize, name: &str) -> WebSocket {
        let url = format!("ws://127.0.0.1:{}/chat/tea?name={name}", self.nodes[node].1);
        connect(&url).await.expect("a session")
    }

    fn signal(name: &str, process: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), "--", process]).status();
        assert!(status.expect("kill runs").success());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        Cluster::signal("KILL", &format!("-{}", self.child.id()));
        let _ = self.child.wait();
    }
}

async fn heard(ws: &mut WebSocket) -> Value {
    let message = timeout(Duration::from_secs(30), ws.next()).await.expect("something is heard");
    serde_json::from_slice(message.expect("the session lasts").as_bytes()).expect("JSON")
}

#[tokio::test]
async fn the_chat_goes_on_across_nodes_and_without_one_that_was_killed() {
    let _alone = ALONE.lock().await;
    let redis = Redis::start();
    let cluster = Cluster::start(&redis);
    let joined = |name: &str, here: usize| json!({"kind": "joined", "name": name, "here": here});
    let mut ann = cluster.enter(0, "ann").await;
    assert_eq!(heard(&mut ann).await, joined("ann", 1));
    let mut bob = cluster.enter(1, "bob").await;
    for ws in [&mut ann, &mut bob] {
        assert_eq!(heard(ws).await, joined("bob", 2));
    }
    let mut eve = cluster.enter(2, "eve").await;
    for ws in [&mut ann, &mut bob, &mut eve] {
        assert_eq!(heard(ws).await, joined("eve", 3));
    }
    ann.send(r#"{"text":"hi"}"#).await.expect("an open session");
    let said = json!({"kind": "said", "name": "ann", "text": "hi"});
    for ws in [&mut ann, &mut bob, &mut eve] {
        assert_eq!(heard(ws).await, said);
    }
    Cluster::signal("KILL", &cluster.nodes[1].0);
    assert!(timeout(Duration::from_secs(30), bob.next()).await.expect("it ends").is_none());
    eve.send(r#"{"text":"still here"}"#).await.expect("an open session");
    assert_eq!(heard(&mut ann).await, json!({"kind": "said", "name": "eve", "text": "still here"}));
    eve.close(1000, "").expect("a good reason");
    let left = heard(&mut ann).await;
    assert_eq!((&left["kind"], &left["name"]), (&json!("left"), &json!("eve")));
}

#[test]
fn the_chat_works_in_windows_on_two_nodes() {
    let _alone = ALONE.blocking_lock();
    let redis = Redis::start();
    let cluster = Cluster::start(&redis);
    let browser = Browser::start();
    let enter = |window: &Window<'_>, node: usize, name: &str| {
        window.open(&format!("http://localhost:{}/", cluster.nodes[node].1));
        chat_page::enter(window, name, "tea & cake");
    };
    let ann = browser.window();
    enter(&ann, 0, "ann");
    let bob = browser.new_window();
    enter(&bob, 2, "bob");
    for window in [&ann, &bob] {
        window.expect("//*[@id='here' and .='2 here']");
    }
    say(&ann, "hello");
    bob.expect("//li[@class='said'][b='ann']/text()[.='hello']/..");
    say(&bob, "and to you");
    ann.expect("//li[@class='said'][b='bob']/text()[.='and to you']/..");
    bob.click("//*[@id='leave']");
    ann.expect("//li[.='bob left']");
    ann.expect("//*[@id='here' and .='1 here']");
}
