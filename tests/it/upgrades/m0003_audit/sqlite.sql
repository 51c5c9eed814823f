ALTER TABLE audit_event ADD COLUMN form bigint NOT NULL DEFAULT 1;

ALTER TABLE audit_event ADD COLUMN supplier_id text;

ALTER TABLE audit_event ADD COLUMN product_id text;

CREATE INDEX audit_event_by_supplier ON audit_event (organisation_id, supplier_id, sequence);

CREATE INDEX audit_event_by_product ON audit_event (organisation_id, product_id, sequence);

UPDATE audit_event SET supplier_id = item_id WHERE noun = 'supplier';

UPDATE audit_event SET supplier_id = json_extract("after", '$.supplier_id'), product_id = item_id WHERE noun = 'product' AND action = 'create';

UPDATE audit_event SET supplier_id = json_extract("after", '$.supplier_id'), product_id = json_extract("after", '$.product_id')
    WHERE action = 'create' AND noun IN ('assessment', 'decision', 'dependency', 'evidence', 'incident', 'review', 'risk');

UPDATE audit_event SET
    supplier_id = (SELECT made.supplier_id FROM audit_event made
        WHERE made.organisation_id = audit_event.organisation_id AND made.item_id = audit_event.item_id AND made.action = 'create' AND made.supplier_id IS NOT NULL),
    product_id = (SELECT made.product_id FROM audit_event made
        WHERE made.organisation_id = audit_event.organisation_id AND made.item_id = audit_event.item_id AND made.action = 'create' AND made.supplier_id IS NOT NULL)
    WHERE supplier_id IS NULL AND noun IN ('answers', 'assessment', 'decision', 'dependency', 'evidence', 'incident', 'product', 'review', 'risk');

CREATE TRIGGER audit_event_is_not_changed BEFORE UPDATE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END;

CREATE TRIGGER audit_event_is_not_removed BEFORE DELETE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit events are never removed'); END;

CREATE TRIGGER audit_event_is_not_replaced BEFORE INSERT ON audit_event
     WHEN EXISTS (SELECT 1 FROM audit_event WHERE id = NEW.id OR (organisation_id = NEW.organisation_id AND sequence = NEW.sequence))
     BEGIN SELECT RAISE(ABORT, 'audit events are never replaced'); END;

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0003_audit', 1795000002);
