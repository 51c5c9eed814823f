//! Where in ourselves the two APIs begin.

/// Where the API begins.
pub const ROOT: &str = "/api/v1";

/// Where the respondents' API begins.
pub const RESPONDENT_ROOT: &str = "/respond/v1";
