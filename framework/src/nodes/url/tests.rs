//! Tables of URLs: what they lead to, and the words of those that are refused.

use redis::{ConnectionAddr, ConnectionInfo, ProtocolVersion};

use super::super::address::RedisAddress;
use super::{Kind, Url};

/// Where, as whom, and in which database.
fn shown(info: &ConnectionInfo) -> String {
    let settings = info.redis_settings();
    let insecure = matches!(info.addr(), ConnectionAddr::TcpTls { insecure: true, .. });
    let secure = matches!(info.addr(), ConnectionAddr::TcpTls { insecure: false, .. });
    let mut shown = format!(
        "{}{} {} {} {}",
        if secure { "tls:" } else { "" },
        info.addr(),
        settings.username().unwrap_or("-"),
        settings.password().unwrap_or("-"),
        settings.db()
    );
    if insecure {
        shown.insert_str(0, "insecure:");
    }
    if settings.protocol() == ProtocolVersion::RESP3 {
        shown += " resp3";
    }
    shown
}

#[test]
fn urls_lead_somewhere() {
    for (url, expected) in [
        ("redis://h", "h:6379 - - 0"),
        ("REDIS://H:1/", "H:1 - - 0"),
        (" redis://h\n", "h:6379 - - 0"),
        ("valkey://h:/2", "h:6379 - - 2"),
        ("redis://:secret@h/2/", "h:6379 - secret 2"),
        ("redis://user:se%2Fcr%3Ae%40t%20%23%3F%25@h", "h:6379 user se/cr:e@t #?% 0"),
        ("redis://us%3Aer:a:b@h", "h:6379 us:er a:b 0"),
        ("redis://:p@ss@h", "h:6379 - p@ss 0"),
        ("redis://:100%@h", "h:6379 - 100% 0"),
        ("redis://user:@h", "h:6379 user  0"),
        ("redis://:@h", "h:6379 - - 0"),
        ("redis://@h", "h:6379 - - 0"),
        ("redis://[::1]:7", "::1:7 - - 0"),
        ("redis://[0:0::1]", "::1:6379 - - 0"),
        ("redis://my%2Dhost.local_net", "my-host.local_net:6379 - - 0"),
        ("redis://h?protocol=resp3", "h:6379 - - 0 resp3"),
        ("redis://h/1?&protocol=3&", "h:6379 - - 1 resp3"),
        ("redis://h/2147483647#", "h:6379 - - 2147483647"),
        ("rediss://h", "tls:h:6379 - - 0"),
        ("rediss://h/#insecure", "insecure:h:6379 - - 0"),
        ("redis+unix:///run/my%20redis.sock?db=3&user=u&pass=a+b%26c", "/run/my redis.sock u a+b&c 3"),
        ("unix:///run/re@dis.sock", "/run/re@dis.sock - - 0"),
        ("redis+cluster://a", "a:6379 - - 0"),
        (
            "redis+cluster://user:secret@a,[::1]:2/0?protocol=resp3",
            "a:6379 user secret 0 resp3 | ::1:2 user secret 0 resp3",
        ),
        ("rediss+cluster://:secret@a:1,b/#insecure", "insecure:a:1 - secret 0 | insecure:b:6379 - secret 0"),
        ("rediss+cluster://a,b,c", "tls:a:6379 - - 0 | tls:b:6379 - - 0 | tls:c:6379 - - 0"),
        ("redis+sentinel://h/main", "main: h:26379 - - 0 > - - 0"),
        ("redis+sentinel://a:,b:5/my%20main%2F%40%C3%BC/3/", "my main/@ü: a:26379 - - 0 | b:5 - - 0 > - - 3"),
        ("rediss+sentinel://u:p@h/main#insecure", "main: insecure:h:26379 - - 0 > u p 0"),
        ("rediss+sentinel://u:p@h/main/0?#insecure", "main: insecure:h:26379 - - 0 > u p 0"),
        ("redis+sentinel://h/main?sentinel_password=p/w?@", "main: h:26379 - p/w?@ 0 > - - 0"),
        ("redis+sentinel://h/main?sentinel_password=p%23w%26+%25", "main: h:26379 - p#w&+% 0 > - - 0"),
        (
            "valkey+sentinel://u:x@h/main?sentinel_user=w%40tch&sentinel_password=p:w=",
            "main: h:26379 w@tch p:w= 0 > u x 0",
        ),
    ] {
        let read = Url::new(url).unwrap_or_else(|why| panic!("{url}: {why}"));
        let all = |infos: Vec<ConnectionInfo>| infos.iter().map(shown).collect::<Vec<_>>().join(" | ");
        let found = match &read.kind {
            Kind::Server | Kind::Socket(_) => shown(&read.server()),
            Kind::Cluster => all(read.nodes()),
            Kind::Sentinel(name) => {
                let primary = shown(&read.server());
                let (_, login) = primary.split_once(' ').expect("more than an address");
                format!("{name}: {} > {login}", all(read.sentinels()))
            }
        };
        assert_eq!(found, expected, "{url}");
        RedisAddress::new(url).unwrap_or_else(|error| panic!("{url}: {}", error.explain_text()));
    }
}

#[test]
fn what_is_wrong_is_told_by_its_place() {
    let behind = "an `@` stands behind";
    for (url, words) in [
        // Schemes.
        ("", "no scheme"),
        ("localhost:6379", "no scheme"),
        ("redis:h", "no scheme"),
        ("http://h", "its scheme is none of"),
        ("redis+both://h", "its scheme is none of"),
        ("rediss+unix:///run/redis.sock", "its scheme is none of"),
        // Users and passwords that are not encoded.
        ("redis+sentinel://u:5ecret/x@h", behind),
        ("redis+sentinel://u:5ecret/x@h/main", behind),
        ("redis+sentinel://u:5ecret?x@h/main", behind),
        ("redis+sentinel://u:5ecret#x@h/main", behind),
        ("redis+sentinel://:5e@cr/et@h/main", behind),
        ("redis+sentinel://:5e@cr?et@h/main?sentinel_password=a", behind),
        ("redis+cluster://:5e/cret@h", behind),
        ("redis://:5e?cret@h", behind),
        ("redis://:5e#cret@h", behind),
        ("redis://h/main?sentinel_password=5e&cr@et", behind),
        ("redis://5ecret@h", "a user needs a password"),
        ("redis+sentinel://h/main?sentinel_user=5ecret", "`sentinel_user` needs a `sentinel_password`"),
        ("redis+unix:///run/redis.sock?user=5ecret", "`user` needs a `pass`"),
        ("redis://:5ecret%FF@h", "the password is no UTF-8"),
        ("redis://5ecret%FF:x@h", "the user is no UTF-8"),
        // Hosts.
        ("redis://", "the host is missing"),
        ("redis://:5ecret", "the host is missing"),
        ("redis://:5ecret@", "the host is missing"),
        ("redis+cluster://", "the host is missing"),
        ("redis+sentinel://h,/main", "host 2 is missing"),
        ("redis+sentinel://,h/main", "host 1 is missing"),
        ("redis+sentinel://h, i/main", "host 2 has ' ' in it"),
        ("redis://hö", "the host has 'ö' in it"),
        ("redis://h%2fi", "has '/' in it"),
        ("redis://user:12,5ecret$", "host 2 has '$' in it"),
        ("redis://:p?5ecret", "the host is missing"),
        ("redis+sentinel://h:99999/main", "the port of the host, `h`, is no number from 1 to 65535"),
        ("redis+sentinel://g,h:port/main", "the port of host 2, `h`, is no number"),
        ("redis+cluster://g:1,h:0", "the port of host 2, `h`, is no number"),
        ("redis://h:+1", "the port of the host, `h`, is no number"),
        ("redis://user:5ecret", "the port of the host, `user`, is no number"),
        ("redis://user:5e:cret", "the port of the host, `user`, is no number"),
        ("redis://h:0", "the port of the host, `h`, is no number"),
        ("redis://[::1]:0", "the port of the host, `::1`, is no number"),
        ("redis+cluster://h,::1", "host 2 is an IPv6 address without brackets"),
        ("redis://[h]", "in the brackets of the host stands no IPv6 address"),
        ("redis://[fe80::1%25eth0]", "in the brackets of the host stands no IPv6 address"),
        ("redis://[::1", "no IPv6 address with a port"),
        ("redis://[::1]7", "no IPv6 address with a port"),
        ("redis://0.0.0.0", "means all addresses"),
        ("redis+sentinel://h,[::]:1/main", "host 2, `::`, means all addresses"),
        ("redis://a,b", "one server has one host"),
        ("redis+unix://run/redis.sock", "three slashes"),
        ("redis+unix://u:5ecret@/run/redis.sock", "three slashes"),
        ("redis+unix://u:5e/cret@/run/redis.sock", "three slashes"),
        ("redis+unix:///", "the path of the socket is empty"),
        // Names and databases.
        ("redis+sentinel://h", "the name of the primary is missing"),
        ("redis+sentinel://h/", "the name of the primary is missing"),
        ("redis+sentinel://h//0", "the name of the primary is missing"),
        (
            "redis+sentinel://h/ma%FFin",
            "the name of the primary is empty, has control characters, or is no UTF-8",
        ),
        (
            "redis+sentinel://h/ma%0Ain",
            "the name of the primary is empty, has control characters, or is no UTF-8",
        ),
        ("redis+sentinel://h/main/-1", "the database number is none from 0 to 2147483647"),
        ("redis+sentinel://h/main/99999999999999", "the database number"),
        ("redis+sentinel://h/main/0/1", "the database number"),
        ("redis://h/-1", "the database number"),
        ("redis://h/+1", "the database number"),
        ("redis://h/2147483648", "the database number"),
        ("redis://h//1", "the database number"),
        ("redis+unix:///run/redis.sock?db=-1", "the database number"),
        ("redis+cluster://h/3", "a cluster has no databases"),
        ("redis+cluster://h/0/0", "a cluster has no databases"),
        // What stands behind.
        (
            "redis+sentinel://h/main?sentinel_pasword=5ecret",
            "there is no setting `sentinel_pasword`; known are",
        ),
        ("redis+sentinel://h/main?sentinel_password=5e&cret", "behind `sentinel_password=…` stands"),
        ("redis+sentinel://h/main?sentinel_password=5e&cret=5", "behind `sentinel_password=…` stands"),
        ("redis+unix:///run/redis.sock?pass=5e&cret", "behind `pass=…` stands"),
        ("redis+sentinel://h/main?sentinel_password=5e#cret", "%23"),
        ("redis+sentinel://h/main?protocol=2&protocol=3", "`protocol` is set twice"),
        ("redis+cluster://h?sentinel_password=5ecret", "there is no setting `sentinel_password`"),
        ("redis://h?db=1", "there is no setting `db`; known are `protocol`"),
        ("redis://h?protocol=4", "neither `resp2` nor `resp3`"),
        ("redis://h?protocol", "neither `resp2` nor `resp3`"),
        ("redis://h?a%20b", "what stands behind the `?` is no setting"),
        ("redis://h#insecure", "with TLS alone"),
        ("redis+sentinel://h/main#insecure", "with TLS alone"),
        ("rediss+cluster://h/#secure", "nothing but `insecure`"),
    ] {
        let error = RedisAddress::new(url).expect_err(url);
        let told = error.explain_text();
        assert!(told.starts_with("the URL of Redis is malformed: "), "{url}: {told}");
        assert!(told.contains(words), "{url}: {told}");
        assert!(!told.contains("5e") && !told.contains("cret"), "{url}: {told}");
    }
}
