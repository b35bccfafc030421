//! Which proxies an application believes.

use crate::base::Places;
use crate::http::Context;
use crate::proto::forwarded::ProxyFields;

/// Tells the context which proxies to believe, and what of what they say; returns what is wrong with that.
pub(super) fn believe(
    trusted: &[String],
    fields: Option<&[String]>,
    places: &Places,
    context: &mut Context,
) -> Vec<String> {
    let mut problems = Vec::new();
    for network in trusted {
        let problem = context.trusted_proxies.add(network).err();
        problems.extend(problem.map(|problem| format!("trusted_proxies: {problem}")));
    }
    let Some(names) = fields else { return problems };
    if trusted.is_empty() {
        let before = places.before("server.proxy_fields");
        problems.push(match before.is_empty() {
            true => "proxy_fields: nobody is trusted to set them: name the proxies with \
                     `.trusted_proxies([\"10.0.0.0/8\"])`"
                .to_owned(),
            false => format!(
                "{before}nobody is trusted to set them: name the proxies, `trusted_proxies = [\"10.0.0.0/8\"]`"
            ),
        });
    }
    context.proxy_fields = ProxyFields::NONE;
    for name in names {
        let problem = context.proxy_fields.add(name).err();
        problems.extend(problem.map(|problem| format!("proxy_fields: {problem}")));
    }
    problems
}
