//! Proxies in front of the nodes: HAProxy, which asks after their health, and nginx, which finds out.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use super::node::Node;
use super::spawned::Proxy;

/// A proxy that runs.
pub struct Front(Proxy);

impl Front {
    pub fn haproxy(nodes: &[Node]) -> Front {
        let servers = nodes.iter().map(|Node { port, health, .. }| {
            format!(" server node{port} 127.0.0.1:{port} check port {health} inter 200ms fall 1 rise 1\n")
        });
        let text = "defaults\n mode http\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n timeout tunnel 1h\n\
             \x20option redispatch\n retries 3\nlisten front\n bind 127.0.0.1:{port}\n option httpchk\n\
             \x20http-check send meth GET uri /actuator/health/live ver HTTP/1.1 hdr host h\n http-check expect status 200\n";
        Front::start("haproxy", &["-db", "-f", "{file}"], &[text, &servers.collect::<String>()].concat())
    }

    pub fn nginx(nodes: &[Node]) -> Front {
        let servers =
            nodes.iter().map(|node| format!("server 127.0.0.1:{} max_fails=1 fail_timeout=1s; ", node.port));
        let text = "daemon off; user root; pid {folder}/pid; error_log stderr;\n\
             events { worker_connections 4096; }\n\
             http { access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;\n\
             uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; client_max_body_size 10m;\n\
             map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n\
             upstream nodes { {nodes} }\n\
             server { listen 127.0.0.1:{port}; location / { proxy_pass http://nodes; proxy_http_version 1.1; proxy_read_timeout 1h;\n\
             proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; } } }\n";
        Front::start("nginx", &["-c", "{file}"], &text.replace("{nodes}", &servers.collect::<String>()))
    }

    fn start(program: &str, arguments: &[&str], configuration: &str) -> Front {
        let mut proxy = Proxy::spawn(program, arguments, configuration);
        while TcpStream::connect(("127.0.0.1", proxy.port)).is_err() {
            proxy.check(PATIENCE);
            thread::yield_now();
        }
        Front(proxy)
    }

    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// What it said.
    pub fn log(&self) -> String {
        self.0.log()
    }
}

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
