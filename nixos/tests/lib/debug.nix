# Tests.
{ lib }:
{
  # Those that fail, of the attributes whose name begins with "test".
  runTests =
    tests:
    lib.concatMap (
      name:
      let
        inherit (tests.${name}) expr expected;
      in
      lib.optional (lib.hasPrefix "test" name && expr != expected) {
        inherit name expected;
        result = expr;
      }
    ) (builtins.attrNames tests);
}
