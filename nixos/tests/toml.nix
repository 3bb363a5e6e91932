# TOML of a configuration, as far as the module needs it: nixpkgs has a program for it, which an
# evaluation cannot run.
{ lib }:
let
  tables = lib.filterAttrs (_: builtins.isAttrs);
  keys = lib.filterAttrs (_: value: !builtins.isAttrs value);

  # Texts, numbers, booleans and lists of them look in JSON as they do in TOML.
  line = name: value: "${builtins.toJSON name} = ${builtins.toJSON value}\n";
  header =
    path: lib.optionalString (path != [ ]) "[${lib.concatMapStringsSep "." builtins.toJSON path}]\n";

  table =
    path: attrs:
    header path
    + lib.concatStrings (lib.mapAttrsToList line (keys attrs))
    + lib.concatStrings (lib.mapAttrsToList (name: table (path ++ [ name ])) (tables attrs));
in
table [ ]
