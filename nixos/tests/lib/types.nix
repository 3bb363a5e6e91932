# The types of options.
{ lib }:
let
  inherit (import ./type.nix { inherit lib; }) one type simple;
  inherit (import ./compound-types.nix { inherit lib; })
    anything
    attrsOf
    attrsWith
    listOf
    nullOr
    submodule
    union
    ;

  isText = value: builtins.isString value || builtins.isPath value || value ? outPath;
  inStore = value: isText value && lib.hasPrefix "${builtins.storeDir}/" (toString value);

  str = simple "string" builtins.isString;
in
rec {
  inherit
    anything
    attrsOf
    listOf
    nullOr
    str
    submodule
    ;
  lazyAttrsOf = attrsWith true;
  either = union;
  oneOf = types: lib.foldl' union (lib.head types) (lib.tail types);

  raw = type {
    description = "raw value";
    merge = one;
  };
  attrs = type {
    description = "attribute set";
    check = builtins.isAttrs;
    emptyValue.value = { };
    merge = _: lib.foldl' (all: definition: all // definition.value) { };
  };
  bool = simple "boolean" builtins.isBool;
  int = simple "signed integer" builtins.isInt;
  float = simple "floating point number" builtins.isFloat;
  ints.positive =
    simple "positive integer, meaning >0" (value: builtins.isInt value && value > 0)
    // {
      descriptionClass = "nonRestrictiveClause";
    };
  ints.between =
    low: high:
    simple "integer between ${toString low} and ${toString high} (both inclusive)" (
      value: builtins.isInt value && value >= low && value <= high
    );
  nonEmptyStr = simple "non-empty string" (
    value: builtins.isString value && builtins.match "[ \t\n]*" value == null
  );
  strMatching =
    pattern:
    simple "string matching the pattern ${pattern}" (
      value: builtins.isString value && builtins.match pattern value != null
    );
  lines = simple "strings concatenated with \"\\n\"" builtins.isString // {
    merge = _: lib.concatMapStringsSep "\n" (definition: definition.value);
  };
  path = simple "absolute path" (value: isText value && lib.hasPrefix "/" (toString value));
  package = simple "package" (value: lib.isDerivation value || inStore value) // {
    merge = one;
  };
  enum =
    values:
    simple "one of ${lib.concatMapStringsSep ", " builtins.toJSON values}" (
      value: lib.elem value values
    )
    // {
      descriptionClass = "conjunction";
    };
}
