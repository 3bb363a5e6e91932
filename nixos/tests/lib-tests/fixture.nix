# What the tests of lib have in common. They are about what the module relies on, and run on nixpkgs'
# lib and on the stand-in: so they show that both agree.
{ lib }:
let
  inherit (lib) mkOption;
in
rec {
  test = expr: expected: { inherit expr expected; };
  # An error with some words in its message that both libs use.
  fails = message: expr: { inherit expr message; };

  option = type: mkOption { inherit type; };
  withDefault = type: default: mkOption { inherit type default; };

  evaluate = modules: (lib.evalModules { inherit modules; }).config;
  # An option `x` of a type, with these definitions.
  value =
    type: definitions:
    (evaluate ([ { options.x = option type; } ] ++ map (x: { inherit x; }) definitions)).x;
}
