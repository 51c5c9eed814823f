#!/usr/bin/env bash
# Tool: exceljs 4.4.0 (npm), a workbook written as CSV; beside it xlsx 0.18.5 (SheetJS, npm).
# One would guess: a cell in which one word is bold is written as its words, since exceljs has them (cell.text); a cell with a link
# is written as what one sees in it, "Privacy notice".
# What happens: the first is written as JSON, {"richText":[{"text":"Bright "},{"font":{"bold":true},...; of the second the address is written
# and the words are lost. SheetJS writes the words of both.
# Why it matters to a register: people mark a word in a supplier's name or in an answer bold or red; after the CSV the name is JSON, matches
# nothing, and enters the register as a new supplier.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund exceljs@4.4.0 xlsx@0.18.5 >/dev/null
npm ls --depth 0 | grep @
cat >check.cjs <<'JS'
const ExcelJS = require("exceljs"), xlsx = require("xlsx");
(async () => {
  const made = new ExcelJS.Workbook(), sheet = made.addWorksheet("S");
  sheet.addRow(["Supplier", "Notice"]);
  sheet.addRow([{ richText: [{ text: "Bright " }, { font: { bold: true }, text: "Care" }] }, { text: "Privacy notice", hyperlink: "https://bright.example/p" }]);
  await made.xlsx.writeFile("list.xlsx");
  const book = new ExcelJS.Workbook();
  await book.xlsx.readFile("list.xlsx");
  console.log("cell.text:", book.worksheets[0].getCell("A2").text + ",", book.worksheets[0].getCell("B2").text);
  console.log("exceljs:", (await book.csv.writeBuffer()).toString().split("\n")[1]);
  console.log("SheetJS:", xlsx.utils.sheet_to_csv(xlsx.readFile("list.xlsx").Sheets.S).split("\n")[1]);
})();
JS
node check.cjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
cell.text: Bright Care, Privacy notice
exceljs: "{""richText"":[{""text"":""Bright ""},{""font"":{""bold"":true},""text"":""Care""}]}",https://bright.example/p
SheetJS: Bright Care,Privacy notice
EXPECTED
