use vernal::{Actuator, Result, State};

struct Pool;

async fn fine(pool: State<&Pool>) -> Result {
    let _ = pool;
    Ok(())
}

fn not_async(pool: State<&Pool>) -> Result {
    let _ = pool;
    Ok(())
}

async fn takes_a_text(name: &str) -> Result {
    let _ = name;
    Ok(())
}

async fn tells_nothing(pool: State<&Pool>) {
    let _ = pool;
}

fn main() {
    let actuator = Actuator::new().indicator("fine", fine);
    let actuator = actuator.indicator("a", not_async);
    let actuator = actuator.indicator("b", takes_a_text);
    let actuator = actuator.indicator("c", tells_nothing);
    let actuator = actuator.indicator("d", Pool);
    let _ = actuator;
}
