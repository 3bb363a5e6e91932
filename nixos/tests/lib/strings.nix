# Strings.
{ lib }:
rec {
  inherit (builtins)
    concatStringsSep
    replaceStrings
    stringLength
    substring
    ;

  concatStrings = builtins.concatStringsSep "";
  concatMapStrings = f: values: concatStrings (map f values);
  concatMapStringsSep =
    separator: f: values:
    builtins.concatStringsSep separator (map f values);
  optionalString = condition: text: if condition then text else "";

  hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
  hasSuffix =
    suffix: text:
    let
      start = builtins.stringLength text - builtins.stringLength suffix;
    in
    start >= 0 && builtins.substring start (-1) text == suffix;
  hasInfix = infix: text: infix == "" || builtins.replaceStrings [ infix ] [ "" ] text != text;
  removePrefix =
    prefix: text:
    if hasPrefix prefix text then builtins.substring (builtins.stringLength prefix) (-1) text else text;
  removeSuffix =
    suffix: text:
    if hasSuffix suffix text then
      builtins.substring 0 (builtins.stringLength text - builtins.stringLength suffix) text
    else
      text;

  escapeRegex =
    let
      special = [
        "\\"
        "["
        "{"
        "("
        ")"
        "^"
        "$"
        "?"
        "*"
        "+"
        "|"
        "."
      ];
    in
    builtins.replaceStrings special (map (character: "\\" + character) special);
  splitString =
    separator: text: builtins.filter builtins.isString (builtins.split (escapeRegex separator) text);

  importTOML = file: builtins.fromTOML (builtins.readFile file);
  escapeNixString = text: builtins.replaceStrings [ "$" ] [ "\\$" ] (builtins.toJSON text);

  strings = { inherit escapeNixString; };
}
