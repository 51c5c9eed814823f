ALTER TABLE audit_event ADD COLUMN form bigint NOT NULL DEFAULT 1;

ALTER TABLE audit_event ADD COLUMN supplier_id text COLLATE "C";

ALTER TABLE audit_event ADD COLUMN product_id text COLLATE "C";

CREATE INDEX audit_event_by_supplier ON audit_event (organisation_id, supplier_id, sequence);

CREATE INDEX audit_event_by_product ON audit_event (organisation_id, product_id, sequence);

UPDATE audit_event SET supplier_id = item_id WHERE noun = 'supplier';

UPDATE audit_event SET supplier_id = ("after"::json ->> 'supplier_id'), product_id = item_id WHERE noun = 'product' AND action = 'create';

UPDATE audit_event SET supplier_id = ("after"::json ->> 'supplier_id'), product_id = ("after"::json ->> 'product_id')
    WHERE action = 'create' AND noun IN ('assessment', 'decision', 'dependency', 'evidence', 'incident', 'review', 'risk');

UPDATE audit_event SET
    supplier_id = (SELECT made.supplier_id FROM audit_event made
        WHERE made.organisation_id = audit_event.organisation_id AND made.item_id = audit_event.item_id AND made.action = 'create' AND made.supplier_id IS NOT NULL),
    product_id = (SELECT made.product_id FROM audit_event made
        WHERE made.organisation_id = audit_event.organisation_id AND made.item_id = audit_event.item_id AND made.action = 'create' AND made.supplier_id IS NOT NULL)
    WHERE supplier_id IS NULL AND noun IN ('answers', 'assessment', 'decision', 'dependency', 'evidence', 'incident', 'product', 'review', 'risk');

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit events are never changed or removed'; END $$;

CREATE TRIGGER audit_event_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0003_audit', 1795000002);
