//! A soak that breaks things on purpose: three nodes behind HAProxy and nginx, their Redis and the way there, and clients that notice.
//!
//! Two minutes; `tests/soak/run` takes ten, or as many seconds as it is told (`SOAK_SECONDS`).
#![cfg(target_os = "linux")]

#[path = "soak/fronts.rs"]
mod fronts;
mod installed;
#[path = "soak/node.rs"]
mod node;
#[path = "redis/proxy.rs"]
mod proxy;
mod redis;
#[path = "proxy/mod.rs"]
mod spawned;
#[path = "soak/talk.rs"]
mod talk;
#[path = "soak/web.rs"]
mod web;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs};

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use self::fronts::Front;
use self::node::Node;
use self::proxy::{Line, Proxy};
use self::redis::{Redis, free_port};
use self::talk::Talk;
use self::web::{Failed, Web, ask};

const CLIENTS: usize = 500;
const ROOMS: usize = 50;

/// Runs as a process of its own, for the test below.
#[test]
#[ignore = "it runs as a child"]
fn serve() {
    node::serve().expect("it serves");
}

/// Who ends when: first those who say something, then those who hear it.
#[derive(Default)]
pub struct Ends(AtomicU8);

impl Ends {
    pub fn talking(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }

    pub fn listening(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 1
    }
}

/// Numbers that look like chance, the same in each run.
pub fn chance(seed: usize) -> impl FnMut() -> u64 {
    let mut state = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 11
    }
}

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    KillNode,
    EndNode,
    StopNode,
    CutNode,
    HoldNode,
    KillRedis,
    StopRedis,
    RestartRedis,
}

impl Fault {
    const ALL: [Fault; 8] = [
        Fault::KillNode,
        Fault::KillRedis,
        Fault::EndNode,
        Fault::StopRedis,
        Fault::StopNode,
        Fault::RestartRedis,
        Fault::CutNode,
        Fault::HoldNode,
    ];

    /// Whether sessions cannot be reached meanwhile, on some node.
    fn is_of_redis(self) -> bool {
        !matches!(self, Fault::KillNode | Fault::EndNode | Fault::StopNode)
    }
}

/// When something was broken, and when all was well again.
struct Broken {
    fault: Fault,
    from: Instant,
    to: Instant,
    well: Duration,
}

struct Soak {
    redis: Redis,
    lines: Vec<Proxy>,
    nodes: Vec<Node>,
    fronts: [Front; 2],
    talk: Arc<Talk>,
}

impl Soak {
    async fn start() -> Soak {
        // What it has answered for is on disk.
        let words = ["--appendonly", "yes", "--appendfsync", "always"];
        let redis = Redis::start_with(|_| words.map(str::to_owned).to_vec());
        let (mut lines, mut nodes) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let line = Proxy::start(redis.port).await;
            nodes.push(Node::start(free_port(), free_port(), line.url()));
            lines.push(line);
        }
        let fronts = [Front::haproxy(&nodes), Front::nginx(&nodes)];
        Soak { redis, lines, nodes, fronts, talk: Arc::default() }
    }

    fn ports(&self) -> [u16; 2] {
        self.fronts.each_ref().map(Front::port)
    }

    /// Waits until everybody is in, what is said is taken, and sessions are there by both proxies; tells how long that took.
    async fn well(&self) -> Duration {
        let begun = Instant::now();
        self.talk.taken.store(0, Ordering::SeqCst);
        let waiting = async {
            loop {
                let is_in = self.talk.inside.load(Ordering::SeqCst) == CLIENTS;
                if is_in && self.talk.taken.load(Ordering::SeqCst) >= 50 {
                    let mut is_well = true;
                    for port in self.ports() {
                        is_well &=
                            ask(port, "GET /count", "", b"").await.is_ok_and(|answer| answer.status == 200);
                    }
                    if is_well {
                        return;
                    }
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        if timeout(Duration::from_secs(60), waiting).await.is_err() {
            println!("not well after a minute: {} are in", self.talk.inside.load(Ordering::SeqCst));
        }
        begun.elapsed()
    }

    async fn break_something(&mut self, fault: Fault, node: usize) -> Broken {
        let from = Instant::now();
        let hold = |seconds: u64| sleep(Duration::from_secs(seconds));
        match fault {
            Fault::KillNode => {
                self.nodes[node].signal("KILL");
                self.nodes[node].replace();
            }
            Fault::EndNode => {
                self.nodes[node].signal("TERM");
                let mut ended = self.nodes.remove(node);
                let ended = tokio::task::spawn_blocking(move || {
                    ended.replace();
                    ended
                });
                self.nodes.insert(node, ended.await.expect("it ends"));
            }
            Fault::StopNode => {
                self.nodes[node].signal("STOP");
                hold(5).await;
                self.nodes[node].signal("CONT");
            }
            Fault::CutNode => {
                self.lines[node].set(Line::Cut);
                hold(2).await;
                self.lines[node].set(Line::Open);
            }
            Fault::HoldNode => {
                self.lines[node].set(Line::Held);
                hold(3).await;
                self.lines[node].set(Line::Open);
            }
            Fault::KillRedis => {
                self.redis.kill();
                hold(1).await;
                self.redis.start_again();
            }
            Fault::StopRedis => {
                self.redis.signal("STOP");
                hold(3).await;
                self.redis.signal("CONT");
            }
            Fault::RestartRedis => {
                self.redis.end();
                self.redis.start_again();
            }
        }
        let to = Instant::now();
        let well = self.well().await;
        Broken { fault, from, to, well }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_broken_on_purpose_loses_nothing_in_silence() {
    let seconds = env::var("SOAK_SECONDS").map_or(120, |text| text.parse().expect("a number"));
    let mut soak = Soak::start().await;
    for node in &soak.nodes {
        redis::until("a node", || node.is_up());
    }
    let (ends, web, mut clients) = (Arc::new(Ends::default()), Arc::new(Web::default()), JoinSet::new());
    let ports = soak.ports();
    for client in 0..CLIENTS {
        let talk = Arc::clone(&soak.talk);
        clients.spawn(talk.client(client, client % ROOMS, ports[client / ROOMS % 2], Arc::clone(&ends)));
    }
    println!("{CLIENTS} clients in {ROOMS} rooms after {:?}", soak.well().await);
    for number in 0..10 {
        clients.spawn(Arc::clone(&web).browser(number, ports, Arc::clone(&ends)));
    }
    for number in 0..4 {
        clients.spawn(Arc::clone(&web).files(number, ports, Arc::clone(&ends)));
    }
    sleep(Duration::from_secs(3)).await;
    let (begun, mut broken, mut sizes) = (Instant::now(), Vec::new(), Vec::new());
    let mut chance = chance(seconds as usize);
    while begun.elapsed() < Duration::from_secs(seconds) {
        let fault = Fault::ALL[broken.len() % Fault::ALL.len()];
        let node = (chance() % 3) as usize;
        let one = soak.break_something(fault, node).await;
        println!("{:4} s: {fault:?} {node}, well after {:?}", begun.elapsed().as_secs(), one.well);
        broken.push(one);
        sizes.push(soak.nodes.iter().map(|node| (node.id(), node.size())).collect::<Vec<_>>());
        sleep(Duration::from_secs(3)).await;
    }
    ends.0.store(1, Ordering::SeqCst);
    sleep(Duration::from_secs(5)).await;
    ends.0.store(2, Ordering::SeqCst);
    while let Some(client) = clients.join_next().await {
        client.expect("no panic");
    }
    let is_idle = |node: &Node| node.size().1 < 40;
    let idle = timeout(Duration::from_secs(10), async {
        while !soak.nodes.iter().all(is_idle) {
            sleep(Duration::from_millis(50)).await;
        }
    });
    let is_idle = idle.await.is_ok();
    let last: Vec<_> = soak.nodes.iter().map(Node::size).collect();
    let wrong = judge(&soak, &web, &broken, &sizes);
    println!("descriptors and KiB of the nodes without clients: {last:?}");
    if let Ok(file) = env::var("SOAK_NGINX_LOG") {
        let _ = fs::write(file, soak.fronts[1].log());
    }
    assert!(wrong.is_empty(), "{} are wrong: {:#?}", wrong.len(), &wrong[..wrong.len().min(20)]);
    assert!(is_idle, "descriptors are left: {last:?}");
}

type Sizes = Vec<(u32, (usize, usize))>;

/// Prints what happened; gives what must not.
fn judge(soak: &Soak, web: &Web, broken: &[Broken], sizes: &[Sizes]) -> Vec<String> {
    let found = soak.talk.found();
    let mut wrong = found.wrong.clone();
    println!("{} faults; messages: {found:?}", broken.len());
    wrong.extend(web.wrong.lock().expect("no panic").drain(..));
    let within = |one: &Broken, failed: &Failed, after: Duration| {
        failed.to >= one.from && failed.from <= one.to + after
    };
    let (mut in_flight, mut refused) = (0, 0);
    for failed in web.failed.lock().expect("no panic").iter() {
        let is_killed = |one: &&Broken| one.fault == Fault::KillNode && within(one, failed, Duration::ZERO);
        match broken.iter().find(is_killed) {
            Some(_) => in_flight += 1,
            None => {
                let before = broken
                    .iter()
                    .rfind(|one| one.from <= failed.to)
                    .map(|one| (one.fault, failed.from.duration_since(one.from)));
                wrong.push(format!("{} in {:?}, after {before:?}", failed.what, failed.to - failed.from));
            }
        }
    }
    for told in web.told.lock().expect("no panic").iter() {
        let is_away = |one: &Broken| one.fault.is_of_redis() && within(one, told, Duration::from_secs(5));
        if broken.iter().any(is_away) {
            refused += 1
        } else {
            wrong.push("503 while Redis was there".to_owned())
        }
    }
    println!(
        "requests: {} good, {in_flight} failed on killed nodes, {refused} told that sessions are away",
        web.good.load(Ordering::Relaxed)
    );
    for one in broken.iter().filter(|one| one.well > Duration::from_secs(5)) {
        wrong.push(format!("{:?}: well again only after {:?}", one.fault, one.well));
    }
    // A node that has lived long is no larger than when it had seen two faults.
    for last in sizes.last().into_iter().flatten() {
        let all: Vec<_> =
            sizes.iter().flatten().filter(|(id, _)| *id == last.0).map(|(_, size)| *size).collect();
        let (first, end) = (all[all.len().min(3) - 1], last.1);
        println!("node {} of {} faults: {first:?} and then {end:?} KiB and descriptors", last.0, all.len());
        if end.0 > first.0 * 2 || end.1 > first.1 + 2 * CLIENTS {
            wrong.push(format!("a node has grown from {first:?} to {end:?}"));
        }
    }
    wrong
}
