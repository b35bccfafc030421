//! Proxies in front of the nodes: HAProxy, which asks after their health, and nginx, which finds out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::node::Node;

/// A proxy that runs.
pub struct Front {
    child: Child,
    pub port: u16,
}

impl Front {
    pub fn haproxy(folder: &Path, port: u16, nodes: &[Node]) -> Front {
        let servers = nodes.iter().map(|Node { port, health, .. }| {
            format!(" server node{port} 127.0.0.1:{port} check port {health} inter 200ms fall 1 rise 1\n")
        });
        let text = format!(
            "defaults\n mode http\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n timeout tunnel 1h\n\
             \x20option redispatch\n retries 3\nlisten front\n bind 127.0.0.1:{port}\n option httpchk\n\
             \x20http-check send meth GET uri /actuator/health/live ver HTTP/1.1 hdr host h\n http-check expect status 200\n{}",
            servers.collect::<String>()
        );
        Front::start("haproxy", folder, port, &text, &["-db", "-f"])
    }

    pub fn nginx(folder: &Path, port: u16, nodes: &[Node]) -> Front {
        let servers =
            nodes.iter().map(|node| format!("server 127.0.0.1:{} max_fails=1 fail_timeout=1s; ", node.port));
        let place = folder.display();
        let text = format!(
            "daemon off; user root; pid {place}/nginx.pid; error_log {place}/nginx.log;\n\
             events {{ worker_connections 4096; }}\n\
             http {{ access_log off; client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;\n\
             uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi; client_max_body_size 10m;\n\
             map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}\n\
             upstream nodes {{ {} }}\n\
             server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://nodes; proxy_http_version 1.1; proxy_read_timeout 1h;\n\
             proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; }} }} }}\n",
            servers.collect::<String>()
        );
        Front::start("nginx", folder, port, &text, &["-c"])
    }

    fn start(name: &str, folder: &Path, port: u16, text: &str, arguments: &[&str]) -> Front {
        let file = folder.join(format!("{name}.conf"));
        fs::write(&file, text).expect("it can be written");
        let mut command = Command::new(program(name));
        command.args(arguments).arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{name} is installed (Debian's package {name}): {error}"));
        Front { child, port }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // nginx has workers, which end with it when it is asked.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// Where Debian puts it, which may not be on the path.
fn program(name: &str) -> PathBuf {
    let place = Path::new("/usr/sbin").join(name);
    if place.exists() { place } else { name.into() }
}
