//! The setters of a configuration, for whatever builds an application of one.

/// Gives a builder the setters of the [`Config`] in its field `config`, so that each stands here once.
macro_rules! config_setters {
    ($builder:ident) => {
        config_setters! { $builder:
            app(name: impl Into<String>);
            limits(limits: $crate::proto::Limits);
            #[doc(alias = "with_state", alias = "app_data", alias = "manage")]
            state[T: std::any::Any + Send + Sync](value: T);
            show_errors(show: bool);
            invalid_status(status: u16);
            websocket(config: $crate::websocket::core::config::WebSocketConfig);
            websocket_extension[X: $crate::proto::ws::Extension](make: impl Fn() -> X + Send + Sync + 'static);
            websocket_deflate(settings: $crate::proto::ws::Deflate);
            server_name(name: Option<&str>);
            #[doc(alias = "layer", alias = "wrap", alias = "middleware", alias = "attach")]
            filter[F: $crate::chain::Filter](path: impl Into<std::borrow::Cow<'static, str>>, filter: F);
            upload_directory(path: impl Into<std::path::PathBuf>);
            #[cfg(feature = "templates")] templates(templates: $crate::view::Templates);
            #[cfg(feature = "negotiation")] content[F: $crate::content::ContentFormat](format: F);
            compression(compression: $crate::app::Compression);
            decompress_requests(codings: $crate::http::Decompression);
            sniffing(sniffs: bool);
            #[doc(alias = "static_files", alias = "serve_dir", alias = "nest_service")]
            resources(path: impl Into<std::borrow::Cow<'static, str>>, resources: impl Into<$crate::resources::Resources>);
            favicon(serves: bool);
            trusted_proxies(networks: impl IntoIterator<Item: Into<String>>);
            proxy_fields(names: impl IntoIterator<Item: Into<String>>);
            sessions[S: $crate::session::SessionStore](store: S);
            session_config(config: $crate::session::SessionConfig);
            access_log(log: $crate::operations::AccessLog);
            tracing(tracing: $crate::operations::Tracing);
            #[cfg(feature = "actuator")] actuator(actuator: $crate::operations::Actuator);
            start_timeout(limit: std::time::Duration);
            #[cfg(feature = "metrics")] metrics(metrics: $crate::operations::Metrics);
            #[cfg(feature = "openapi")] openapi(document: $crate::openapi::OpenApi);
            #[cfg(feature = "openapi")] asyncapi(document: impl Into<$crate::openapi::AsyncApi>);
            #[cfg(feature = "config")] settings(settings: $crate::settings::Settings);
        }
    };
    ($builder:ident: $($(#[$condition:meta])* $setter:ident $([$($generic:tt)+])? ($($argument:ident: $kind:ty),*);)+) => {
        /// Settings of the application: those of [`Config`].
        impl $builder { $(
            $(#[$condition])*
            #[doc = concat!("See [`Config::", stringify!($setter), "`].")]
            #[must_use]
            #[track_caller]
            pub fn $setter $(<$($generic)+>)? (mut self, $($argument: $kind),*) -> $builder {
                self.config = self.config.$setter($($argument),*);
                self
            }
        )+ }
    };
}
pub(crate) use config_setters;
