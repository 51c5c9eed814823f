//! Twins and mergers to do something to.

use serde_json::json;

use super::{Target, unique};
use crate::harness::{App, id};

/// Something to do an operation to that is about twins or mergers; none where it is not.
pub(super) async fn target(app: &App, operation: &str) -> Option<Target> {
    let supplier = || app.supplier("Harbour Care Systems");
    Some(match operation {
        "tell_twins_apart" => {
            Target::with(json!({ "one_id": id(&supplier().await), "other_id": id(&supplier().await) }))
        }
        "plan_supplier_merger" | "merge_suppliers" => {
            let other = json!({ "other_id": id(&supplier().await) });
            Target::on(supplier().await).and(other)
        }
        "plan_product_merger" | "merge_products" => {
            let kept = app.product(&supplier().await, &unique()).await;
            let other = json!({ "supplier_id": kept["supplier_id"], "name": unique(), "kind": "software" });
            let other = app.post(&app.admin, "/products", other).await.json(201);
            Target::on(kept).and(json!({ "other_id": id(&other) }))
        }
        "read_merger" | "undo_merger" => {
            let (kept, other) = (supplier().await, supplier().await);
            let body = json!({ "other_id": id(&other) });
            let path = format!("/suppliers/{}/merge", id(&kept));
            Target::on(app.act(&app.admin, &path, &kept, Some(body)).await.json(201))
        }
        _ => return None,
    })
}
