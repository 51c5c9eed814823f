//! Rows of text as a workbook.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::fault::Fault;

/// How wide a column is at the least and at the most, in characters.
const WIDTHS: (usize, usize) = (8, 60);
/// How many rows are asked how wide the columns are to be.
const MEASURED: usize = 200;
/// The most characters that a cell of a workbook holds.
const MAX_CELL_CHARS: usize = 32_767;

/// A workbook of one sheet with these rows, every cell as text. The first row names the columns, and stays in sight.
///
/// # Errors
/// Where a spreadsheet cannot hold it: more rows or columns than a sheet has, or a name that no sheet may have.
pub fn write_plain(sheet: &str, rows: &[Vec<String>]) -> Result<Vec<u8>, Fault> {
    write(sheet, rows)
        .map_err(|error| Fault::new("", "unwritable", format!("this cannot be written as a workbook: {error}")))
}

fn write(name: &str, rows: &[Vec<String>]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name(name)?;
    let (bold, text) = (Format::new().set_bold(), Format::new().set_num_format("@"));
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            let cut: String = cell.chars().take(MAX_CELL_CHARS).collect();
            sheet.write_string_with_format(row, column, cut, if row == 0 { &bold } else { &text })?;
        }
    }
    let count = rows.first().map_or(0, Vec::len);
    for (column, index) in (0..).zip(0..count) {
        let width = |cells: &Vec<String>| cells.get(index).map_or(0, |cell| cell.chars().count());
        let widest = rows.iter().take(MEASURED).map(width).max().unwrap_or(0).clamp(WIDTHS.0, WIDTHS.1);
        sheet.set_column_width(column, u32::try_from(widest).map_or(60.0, f64::from))?;
    }
    sheet.set_freeze_panes(1, 0)?;
    workbook.save_to_buffer()
}
