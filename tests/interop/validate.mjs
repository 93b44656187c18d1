// What html-validate finds in the files of a folder, beside what mail programs need and browsers do not.
//
//   node validate.mjs FOLDER
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { HtmlValidate } from "html-validate";

const checker = new HtmlValidate({
  extends: ["html-validate:recommended"],
  rules: {
    "no-inline-style": "off", // style sheets are dropped
    "no-deprecated-attr": "off", // sizes and colours as attributes
    "no-conditional-comment": "off", // for Outlook
    "prefer-native-element": "off", // an article role on a div
    "doctype-style": "off",
    "no-trailing-whitespace": "off",
    "long-title": "off",
    "attribute-boolean-style": "off",
  },
});
const folder = process.argv[2];
for (const name of readdirSync(folder).sort()) {
  const report = await checker.validateFile(join(folder, name));
  for (const { messages } of report.results)
    for (const one of messages) console.log(`${name}:${one.line}:${one.column}: ${one.ruleId}: ${one.message}`);
}
