//! What must hold for every edition and every answer.
