# The page of options.
{ lib, test, ... }:
let
  page = import ../../options-md.nix { inherit lib; };
in
{
  tests = {
    # Four blanks would make it code.
    test_no_description_begins_with_a_blank = test (lib.attrNames (
      lib.filterAttrs (_: lib.hasPrefix " ") page.descriptions
    )) [ ];

    test_every_option_is_described = test (lib.attrNames (
      lib.filterAttrs (_: description: description == "") page.descriptions
    )) [ ];

    # But for the two that only hold others.
    test_every_option_has_an_example = test page.withoutExample [
      "defaults"
      "hook"
    ];
  };
}
