# What documentation is made from.
{ lib, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ./fixture.nix { inherit lib; }) test;

  documented = lib.optionAttrSetToDocList {
    inherit
      (lib.evalModules {
        modules = [
          {
            options.x = {
              plain = mkOption {
                type = types.nullOr types.int;
                default = null;
                example = 3;
                description = "Plain.";
              };
              all = mkOption {
                type = types.attrsOf (
                  types.submodule {
                    options.list = mkOption {
                      type = types.listOf types.str;
                      default = [ ];
                      example = [
                        "a"
                        "\${b}"
                      ];
                      description = "List.";
                    };
                  }
                );
                default = { };
                defaultText = lib.literalExpression "nothing";
                description = "All.";
              };
              hidden = mkOption {
                type = types.str;
                readOnly = true;
                visible = false;
                default = "";
                description = "Hidden.";
              };
            };
          }
        ];
      })
      options
      ;
  };
  shown = lib.filter (option: !option.internal && lib.hasPrefix "x." option.name) documented;
  text = value: value.text;
in
{
  tests = {
    test_options_are_documented_alike =
      test
        (map (option: {
          inherit (option)
            name
            description
            type
            readOnly
            visible
            ;
          default = text option.default;
          example = text (option.example or { text = null; });
        }) shown)
        [
          {
            name = "x.all";
            description = "All.";
            type = "attribute set of (submodule)";
            readOnly = false;
            visible = true;
            default = "nothing";
            example = null;
          }
          {
            name = "x.all.<name>.list";
            description = "List.";
            type = "list of string";
            readOnly = false;
            visible = true;
            default = "[ ]";
            example = "[\n  \"a\"\n  \"\\\${b}\"\n]";
          }
          {
            name = "x.hidden";
            description = "Hidden.";
            type = "string";
            readOnly = true;
            visible = false;
            default = "\"\"";
            example = null;
          }
          {
            name = "x.plain";
            description = "Plain.";
            type = "null or signed integer";
            readOnly = false;
            visible = true;
            default = "null";
            example = "3";
          }
        ];

    test_names_of_options_are_quoted_where_they_must = test (lib.showOption [
      "a"
      "b-c"
      "d.e"
      "<name>"
      "9"
    ]) "a.b-c.\"d.e\".<name>.\"9\"";
  };
}
