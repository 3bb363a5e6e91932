# What a type is, and how one that is not made of others merges its definitions.
{ lib }:
let
  inherit (lib) showDefinitions showOption;
in
rec {
  one =
    loc: definitions:
    if lib.length definitions == 1 then
      (lib.head definitions).value
    else
      throw "The option `${showOption loc}' is defined multiple times while it's expected to be unique. Definition values:${showDefinitions definitions}";

  equal =
    loc: definitions:
    let
      first = lib.head definitions;
    in
    if lib.all (definition: definition.value == first.value) definitions then
      first.value
    else
      throw "The option `${showOption loc}' has conflicting definition values:${showDefinitions definitions}";

  # `descriptionClass` says which descriptions may have this one in them without parentheses.
  type =
    attrs:
    {
      descriptionClass = "noun";
      check = _: true;
      merge = equal;
      emptyValue = { };
      getSubOptions = _: { };
    }
    // attrs;
  simple = description: check: type { inherit description check; };
  phrase =
    classes: t: if lib.elem t.descriptionClass classes then t.description else "(${t.description})";
}
