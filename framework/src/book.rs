//! Compiles, and where they are whole also runs, what the README and the chapters of the book show.
//!
//! `tests/book.rs` sees to it that every chapter is here.

/// A type for each page, for rustdoc to find the snippets of.
macro_rules! pages {
    ($($name:ident: $file:literal,)*) => {$(
        #[doc = include_str!(concat!("../../", $file))]
        struct $name;
    )*};
}

pages! {
    Readme: "README.md",
    Start: "docs/README.md",
    Tour: "docs/tour.md",
    Project: "docs/project.md",
    Names: "docs/names.md",
    Examples: "docs/examples.md",
    Routing: "docs/routing.md",
    Binding: "docs/binding.md",
    Validation: "docs/validation.md",
    Negotiation: "docs/negotiation.md",
    Nodes: "docs/nodes.md",
    Request: "docs/request.md",
    Answers: "docs/answers.md",
    Errors: "docs/errors.md",
    Controllers: "docs/controllers.md",
    State: "docs/state.md",
    Filters: "docs/filters.md",
    Streaming: "docs/streaming.md",
    Sessions: "docs/sessions.md",
    Login: "docs/login.md",
    Files: "docs/files.md",
    Compression: "docs/compression.md",
    Views: "docs/views.md",
    Uploads: "docs/uploads.md",
    Forms: "docs/forms.md",
    Websocket: "docs/websocket.md",
    WebsocketClients: "docs/websocket-clients.md",
    Openapi: "docs/openapi.md",
    Asyncapi: "docs/asyncapi.md",
    Server: "docs/server.md",
    Settings: "docs/settings.md",
    Components: "docs/components.md",
    Limits: "docs/limits.md",
    Security: "docs/security.md",
    Tls: "docs/tls.md",
    Http2: "docs/http2.md",
    Proxies: "docs/proxies.md",
    Logging: "docs/logging.md",
    Operations: "docs/operations.md",
    Testing: "docs/testing.md",
    Development: "docs/development.md",
    Applications: "docs/applications.md",
    Embedding: "docs/embedding.md",
    Deployment: "docs/deployment.md",
    Troubleshooting: "docs/troubleshooting.md",
    Speed: "docs/speed.md",
    FromElsewhere: "docs/from-elsewhere.md",
    FromSpring: "docs/from-spring.md",
    FromFastapi: "docs/from-fastapi.md",
    FromKtor: "docs/from-ktor.md",
    FromDjango: "docs/from-django.md",
    FromAxum: "docs/from-axum.md",
    WebsocketFromElsewhere: "docs/websocket-from-elsewhere.md",
    FromNajaAtra: "docs/from-naja-atra.md",
}
