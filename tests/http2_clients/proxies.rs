//! Proxies that speak HTTP/2 to the server: Node's client goes through the table behind each of them. Of a proxy's own limits and ways there are notes.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use tokio::task::spawn_blocking;

use crate::app::Serving;
use crate::authority::PATIENCE;
use crate::drivers::{Driver, command_of};
use crate::proxy::Proxy;
use crate::table::{BEHIND, Client, judge};

/// How a proxy is started; `{server}` stands for where it asks, `{ca}` for whom it trusts, and for the rest [`Proxy::spawn`] says what does.
struct Kind {
    program: &'static str,
    /// How it speaks to the server.
    scheme: &'static str,
    arguments: &'static [&'static str],
    configuration: &'static str,
}

/// That of HAProxy, which speaks to the server in this way.
macro_rules! haproxy {
    ($how:literal) => {
        concat!(
            "global\n tune.bufsize 131072\ndefaults\n mode http\n timeout connect 30s\n timeout client 30s\n\
             timeout server 30s\nfrontend in\n bind 127.0.0.1:{port} proto h2\n bind ::1:{port} proto h2\n\
             default_backend out\nbackend out\n server one {server} ",
            $how,
            "\n"
        )
    };
}

const KINDS: [Kind; 5] = [
    Kind {
        program: "apache2",
        scheme: "http",
        arguments: &["-D", "FOREGROUND", "-f", "{file}"],
        configuration: "ServerName localhost\nServerRoot {folder}\nDefaultRuntimeDir {folder}\nPidFile {folder}/pid\n\
            ErrorLog {folder}/error\nListen 127.0.0.1:{port}\nListen [::1]:{port}\n\
            LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n\
            LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n\
            LoadModule http2_module /usr/lib/apache2/modules/mod_http2.so\n\
            LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so\n\
            LoadModule proxy_http2_module /usr/lib/apache2/modules/mod_proxy_http2.so\n\
            Protocols h2c http/1.1\nH2Direct on\nLimitRequestFieldSize 65536\nProxyPass / h2c://{server}/\n",
    },
    Kind {
        program: "caddy",
        scheme: "http",
        arguments: &["run", "--adapter", "caddyfile", "--config", "{file}"],
        configuration: "{\n admin off\n auto_https off\n servers {\n  protocols h1 h2c\n }\n}\n\
            http://localhost:{port} {\n reverse_proxy h2c://{server}\n}\n",
    },
    Kind {
        program: "haproxy",
        scheme: "http",
        arguments: &["-db", "-f", "{file}"],
        configuration: haproxy!("proto h2"),
    },
    Kind {
        program: "haproxy",
        scheme: "https",
        arguments: &["-db", "-f", "{file}"],
        configuration: haproxy!(
            "ssl verify required ca-file {ca} sni str(localhost) verifyhost localhost alpn h2"
        ),
    },
    Kind {
        program: "nginx",
        scheme: "http",
        arguments: &["-c", "{file}"],
        configuration: "daemon off; master_process off; pid {folder}/pid; error_log stderr error;\nevents {}\n\
            http { access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};\n\
            fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};\n\
            client_max_body_size 64m; large_client_header_buffers 8 64k;\n\
            server { listen 127.0.0.1:{port} http2; listen [::1]:{port} http2;\n\
            location / { grpc_pass grpc://{server}; } } }\n",
    },
];

fn start(kind: &Kind, server: SocketAddr, ca: &Path) -> Proxy {
    let configuration = kind.configuration.replace("{server}", &server.to_string());
    let configuration = configuration.replace("{ca}", &ca.display().to_string());
    let mut proxy = Proxy::spawn(kind.program, kind.arguments, &configuration);
    while TcpStream::connect(("localhost", proxy.port)).is_err() {
        proxy.check(PATIENCE);
        std::thread::yield_now();
    }
    proxy
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_speak_it_to_the_server() {
    let mut problems = Vec::new();
    for kind in &KINDS {
        let behind: &Client = BEHIND.iter().find(|behind| behind.name == kind.program).expect("notes");
        let serving = Serving::start(kind.scheme).await;
        let server = serving.address();
        let ca = serving.authority.ca();
        let told = spawn_blocking(move || {
            let proxy = start(kind, server, &ca);
            let base = format!("http://localhost:{}", proxy.port);
            judge(behind, "http", &mut Driver::start(command_of("node"), &base, &ca))
        });
        let told = told.await.expect("no panic");
        problems.extend(told.into_iter().map(|told| format!("{} {told}", kind.scheme)));
        serving.stop().await;
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}
