# What definitions may be wrapped in, and how those of one option become its value.
{ lib }:
let
  override = priority: content: {
    _type = "override";
    inherit priority content;
  };
  wrapping = value: value._type or "";
  usual = 100;
in
rec {
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkOverride = override;
  mkForce = override 50;
  mkDefault = override 1000;
  mkOptionDefault = override 1500;

  # A definition of a set of options as definitions of each of them. The conditions stay unread:
  # they may depend on what is defined.
  pushDown =
    { file, value }@definition:
    let
      inside =
        wrap: content:
        map (pushed: pushed // { value = builtins.mapAttrs (_: wrap) pushed.value; }) (
          pushDown (definition // { value = content; })
        );
    in
    {
      merge = lib.concatMap (content: pushDown (definition // { value = content; })) value.contents;
      "if" = inside (mkIf value.condition) value.content;
      override = inside (override value.priority) value.content;
    }
    .${wrapping value} or [ definition ];

  # The definitions of one option that hold, each with its priority.
  discharge =
    { file, value }@definition:
    let
      content = discharge (definition // { value = value.content; });
    in
    {
      merge = lib.concatMap (value: discharge (definition // { inherit value; })) value.contents;
      "if" =
        if !builtins.isBool value.condition then
          throw "`mkIf' called with a non-Boolean condition"
        else
          lib.optionals value.condition content;
      override = map (one: one // { inherit (value) priority; }) content;
    }
    .${wrapping value} or [ (definition // { priority = usual; }) ];

  # What an option is, with these definitions.
  mergeDefinitions =
    loc: type: definitions:
    let
      holding = lib.concatMap discharge definitions;
      highestPrio = lib.foldl' (
        best: one: if one.priority < best then one.priority else best
      ) 9999 holding;
      strongest = lib.filter (one: one.priority == highestPrio) holding;
      wrong = lib.filter (one: !type.check one.value) strongest;
    in
    {
      inherit highestPrio;
      isDefined = strongest != [ ];
      value =
        if strongest == [ ] then
          type.emptyValue.value
            or (throw "The option `${lib.showOption loc}' was accessed but has no value defined. Try setting the option.")
        else if wrong != [ ] then
          throw "A definition for option `${lib.showOption loc}' is not of type `${type.description}'. Definition values:${lib.showDefinitions wrong}"
        else
          type.merge loc strongest;
    };

  modules.defaultOverridePriority = usual;
}
