//! `/docs`: the document, browsable, with nothing fetched from elsewhere.

use std::sync::OnceLock;

use poem::{Endpoint, Response, Route, endpoint::make_sync, get, http::header};
use poem_openapi::{OpenApi, OpenApiService};

/// Scripts and styles from here only; the browser's own colours and icons come as data.
const POLICY: &str = "default-src 'none'; script-src 'self'; object-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Diligence API</title>
<link rel="icon" href="/docs/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="ui"></div>
<noscript>This page needs JavaScript. The document itself is at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</noscript>
<script src="/docs/swagger-ui.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"#;

const START: &str = r##"SwaggerUIBundle({ dom_id: "#ui", url: "/api/v1/openapi.json", deepLinking: true, docExpansion: "none", validatorUrl: null });
"##;

/// Without one, browsers look for it where there is none.
const ICON: &str = include_str!("../assets/icon.svg");

struct Nothing;
#[OpenApi]
impl Nothing {}

/// The style and the script that poem-openapi carries, cut out of the page it would make of them.
fn assets() -> (&'static str, &'static str) {
    static PAGE: OnceLock<String> = OnceLock::new();
    let page = PAGE.get_or_init(|| OpenApiService::new(Nothing, "", "").swagger_ui_html());
    let between = |start: &str, end: &str| page.split_once(start).and_then(|(_, rest)| rest.split_once(end)).map_or("", |(found, _)| found);
    (between("<style charset=\"UTF-8\">", "</style>"), between("<script charset=\"UTF-8\">", "</script>"))
}

fn file(content_type: &'static str, content: impl Fn() -> &'static str + Send + Sync + 'static) -> impl Endpoint {
    make_sync(move |_| {
        Response::builder().content_type(content_type).header(header::CONTENT_SECURITY_POLICY, POLICY).header(header::CACHE_CONTROL, "no-cache").body(content())
    })
}

/// The page and what it needs.
pub(crate) fn routes(route: Route) -> Route {
    route
        .at("/docs", get(file("text/html; charset=utf-8", || PAGE)))
        .at("/docs/swagger-ui.css", get(file("text/css; charset=utf-8", || assets().0)))
        .at("/docs/swagger-ui.js", get(file("text/javascript; charset=utf-8", || assets().1)))
        .at("/docs/icon.svg", get(file("image/svg+xml", || ICON)))
        .at("/docs/start.js", get(file("text/javascript; charset=utf-8", || START)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_assets_are_found_whole() {
        let (style, script) = assets();
        assert!(style.contains(".swagger-ui") && style.len() > 50_000);
        assert!(script.contains("SwaggerUIBundle") && script.len() > 500_000 && !script.contains("</script"));
    }
}
