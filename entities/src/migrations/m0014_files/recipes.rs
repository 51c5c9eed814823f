//! Recipes that are kept.

pub(super) const STATEMENTS: &str = "
CREATE TABLE recipe (
    id $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    key $text NOT NULL,
    name $text NOT NULL,
    noun $text NOT NULL,
    document $text NOT NULL,
    created_at $text NOT NULL,
    updated_at $text NOT NULL
);
CREATE UNIQUE INDEX recipe_by_key ON recipe (organisation_id, key);
";
