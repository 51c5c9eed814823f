//! Recipes: how a file of somebody else's becomes rows of ours. The document is [`Recipe`].

mod document;

pub use document::{
    Condition, DateStyle, FileKind, FileRecipe, Fills, Header, ImportNoun, NoHeader, Recipe, RecipeColumn, Take,
};
