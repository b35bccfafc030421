//! Variables of the environment that others name as we do.

/// Whether a variable has the value of a link: Kubernetes, and Docker before it, set `VERNAL_PORT` to `tcp://10.0.0.11:80` wherever a service is
/// called `vernal`.
pub(crate) fn is_link(value: &str) -> bool {
    value.contains("://")
}

/// What is said of a variable that is one.
pub(crate) fn of_link(variable: &str, value: &str) -> String {
    format!(
        "the variable {variable} is {:?}, as Kubernetes and Docker set it for a service of that name, and is not looked at: a port is set by \
         VERNAL__SERVER__PORT, or called VERNAL_PORT with a number",
        super::shown(value)
    )
}
