# The types that are made of others.
{ lib }:
let
  inherit (lib) mergeDefinitions showDefinitions showOption;
  inherit (import ./type.nix { inherit lib; })
    one
    equal
    type
    phrase
    ;

  union =
    t1: t2:
    type {
      description = "${
        phrase [
          "noun"
          "conjunction"
        ] t1
      } or ${
        phrase [
          "noun"
          "conjunction"
          "composite"
        ] t2
      }";
      descriptionClass = "conjunction";
      check = value: t1.check value || t2.check value;
      merge =
        loc: definitions:
        let
          fits = t: lib.all (definition: t.check definition.value) definitions;
        in
        if fits t1 then
          t1.merge loc definitions
        else if fits t2 then
          t2.merge loc definitions
        else
          one loc definitions;
    };

  # A lazy one has every name that is defined, and need not know whether a condition of it holds.
  attrsWith =
    isLazy: element:
    type {
      description = "${lib.optionalString isLazy "lazy "}attribute set of ${
        phrase [
          "noun"
          "composite"
        ] element
      }";
      descriptionClass = "composite";
      check = builtins.isAttrs;
      emptyValue.value = { };
      getSubOptions = prefix: element.getSubOptions (prefix ++ [ "<name>" ]);
      merge =
        loc: definitions:
        let
          pushed = lib.concatMap (d: lib.pushDown { inherit (d) file value; }) definitions;
          names = lib.unique (lib.concatMap (d: builtins.attrNames d.value) pushed);
          merged = lib.genAttrs names (
            name:
            mergeDefinitions (loc ++ [ name ]) element (
              map (d: {
                inherit (d) file;
                value = d.value.${name};
              }) (lib.filter (d: d.value ? ${name}) pushed)
            )
          );
        in
        builtins.mapAttrs (_: m: m.value) (
          if isLazy then merged else lib.filterAttrs (_: m: m.isDefined) merged
        );
    };

  attrsOf = attrsWith false;

  listOf =
    element:
    type {
      description = "list of ${
        phrase [
          "noun"
          "composite"
        ] element
      }";
      descriptionClass = "composite";
      check = builtins.isList;
      emptyValue.value = [ ];
      getSubOptions = prefix: element.getSubOptions (prefix ++ [ "*" ]);
      merge =
        loc: definitions:
        map (m: m.value) (
          lib.filter (m: m.isDefined) (
            lib.concatMap (
              { file, value, ... }:
              map (value: mergeDefinitions (loc ++ [ "*" ]) element [ { inherit file value; } ]) value
            ) definitions
          )
        );
    };

  nullOr =
    element:
    type {
      description = "null or ${
        phrase [
          "noun"
          "conjunction"
        ] element
      }";
      descriptionClass = "conjunction";
      check = value: value == null || element.check value;
      emptyValue.value = null;
      inherit (element) getSubOptions;
      merge =
        loc: definitions:
        let
          nulls = lib.filter (definition: definition.value == null) definitions;
        in
        if nulls == [ ] then
          element.merge loc definitions
        else if lib.length nulls == lib.length definitions then
          null
        else
          throw "The option `${showOption loc}` is defined both null and not null:${showDefinitions definitions}";
    };

  submodule =
    declaration:
    let
      evaluate =
        prefix: definitions:
        lib.evalModules {
          inherit prefix;
          modules = [
            declaration
            { _module.args.name = lib.last prefix; }
          ]
          ++ definitions;
        };
      freeform = (evaluate [ "<name>" ] [ ]).freeformType;
    in
    type {
      description =
        if freeform == null then
          "submodule"
        else
          "open submodule of ${
            phrase [
              "noun"
              "composite"
            ] freeform
          }";
      descriptionClass = null;
      check = value: builtins.isAttrs value || builtins.isFunction value || builtins.isPath value;
      emptyValue.value = { };
      getSubOptions = prefix: removeAttrs (evaluate prefix [ ]).options [ "_module" ];
      merge =
        loc: definitions:
        (evaluate loc (
          # Attributes are definitions even where they are called `config` or `options`.
          map (
            { file, value, ... }:
            if builtins.isAttrs value then
              {
                _file = file;
                config = value;
              }
            else
              value
          ) definitions
        )).config;
    };

  anything = type {
    description = "anything";
    merge =
      loc: definitions:
      let
        isSet = definition: builtins.isAttrs definition.value && !(definition.value ? outPath);
      in
      if lib.all isSet definitions then
        (attrsOf anything).merge loc definitions
      else if lib.length definitions == 1 then
        one loc definitions
      else
        equal loc definitions;
  };
in
{
  inherit
    anything
    attrsOf
    attrsWith
    listOf
    nullOr
    submodule
    union
    ;
}
