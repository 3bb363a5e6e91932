# Values as text.
{ lib }:
let
  pretty =
    indent: value:
    let
      inner = "${indent}  ";
      lines =
        open: close: parts:
        if parts == [ ] then
          "${open} ${close}"
        else
          "${open}\n${lib.concatMapStrings (part: "${inner}${part}\n") parts}${indent}${close}";
    in
    if builtins.isString value then
      lib.escapeNixString value
    else if builtins.isList value then
      lines "[" "]" (map (pretty inner) value)
    else if lib.isDerivation value then
      "<derivation ${value.name or "???"}>"
    else if builtins.isAttrs value then
      lines "{" "}" (
        lib.mapAttrsToList (name: value: "${lib.showOption [ name ]} = ${pretty inner value};") value
      )
    else if builtins.isFunction value then
      "<function>"
    else if value == null then
      "null"
    else if builtins.isPath value then
      toString value
    else
      builtins.toJSON value;
in
{
  toPretty = _: pretty "";
}
