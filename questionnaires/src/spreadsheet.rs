//! Files of tables as office programs and published lists have them, as rows of cells: CSV and its like, JSON, JSON
//! lines, workbooks.

pub mod ocds;
