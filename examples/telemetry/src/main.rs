//! Spans of requests go to a collector of OpenTelemetry, by OTLP over HTTP: those of Vernal, those of your own, and what is asked of others in
//! one trace. Where the collector is, and how it is spoken to, OpenTelemetry's own variables say.
//!
//! ```text
//! $ docker run -p 4318:4318 -p 16686:16686 jaegertracing/jaeger
//! $ cd examples/telemetry && OTEL_SERVICE_NAME=shop cargo run
//! $ curl localhost:9090/orders/7
//! 7: 3 left
//! ```

use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider,
};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Span, info, instrument};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};
use vernal::websocket::{WebSocket, connect};
use vernal::{Error, Result, Trace, TraceContext, Tracer, Tracing, request_map, server, websocket_handler};

#[request_map("/orders/{id}")]
#[instrument(skip(trace))]
async fn order(id: u32, trace: Trace<'_>) -> Result<String> {
    let stock = std::env::var("STOCK").unwrap_or_else(|_| "ws://localhost:9090/stock".to_owned());
    // The server over there goes on with the trace, below the span of this function.
    let mut stock = connect(stock).trace(trace).await?;
    stock.send(id.to_string()).await?;
    let left = stock.next().await.ok_or_else(|| Error::unavailable("the stock does not answer"))?;
    info!("asked the stock");
    Ok(format!("{id}: {} left", left.as_text().unwrap_or("?")))
}

#[websocket_handler("/stock")]
async fn stock(mut ws: WebSocket) -> Result {
    while let Some(article) = ws.next().await {
        info!(article = article.as_text(), "counting");
        ws.send("3").await?;
    }
    Ok(())
}

/// Joins Vernal's spans with those of OpenTelemetry.
struct OpenTelemetry;

impl Tracer for OpenTelemetry {
    fn adopt(&self, span: &Span, parent: &TraceContext) {
        let parent = SpanContext::new(
            TraceId::from_bytes(parent.trace_id().to_be_bytes()),
            SpanId::from_bytes(parent.span_id().to_be_bytes()),
            TraceFlags::new(parent.flags()),
            true,
            parent.tracestate().parse::<TraceState>().unwrap_or_default(),
        );
        // Without its layer there is nothing to do.
        let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(parent));
    }

    fn context_of(&self, span: &Span) -> Option<TraceContext> {
        let context = span.context();
        let place = context.span().span_context().clone();
        let trace_id = u128::from_be_bytes(place.trace_id().to_bytes());
        let span_id = u64::from_be_bytes(place.span_id().to_bytes());
        let own = TraceContext::new(trace_id, span_id, place.trace_flags().to_u8())?;
        Some(own.with_tracestate(&place.trace_state().header()))
    }
}

fn main() -> Result {
    let exporter = SpanExporter::builder().with_http().build()?;
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
    let levels = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("shop"));
    tracing_subscriber::registry()
        .with(levels)
        .with(fmt::layer().with_writer(std::io::stderr))
        .with(spans)
        .init();
    // Whoever asks decides on the trace: only programs of our own can.
    server::new().tracing(Tracing::new().spans(true).trust_everyone(true).tracer(OpenTelemetry)).start()?;
    // What waits is sent.
    Ok(provider.shutdown()?)
}
