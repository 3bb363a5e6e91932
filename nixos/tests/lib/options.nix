# Declarations of options, and the list of them that documentation is made from.
{ lib }:
rec {
  mkOption = attrs: { _type = "option"; } // attrs;
  isOption = value: value._type or null == "option";

  literalExpression = text: {
    _type = "literalExpression";
    inherit text;
  };

  showOption = lib.concatMapStringsSep "." (
    part:
    if builtins.match "[a-zA-Z_][a-zA-Z0-9_'-]*|<.*>|[*]" part != null then
      part
    else
      lib.escapeNixString part
  );

  showDefinitions = lib.concatMapStrings (
    definition: "\n- In `${definition.file}': ${lib.generators.toPretty { } definition.value}"
  );

  optionAttrSetToDocList = options: lib.concatMap documented (lib.collect isOption options);

  documented =
    option:
    let
      value =
        value:
        if value ? _type && value ? text then
          value
        else
          literalExpression (lib.generators.toPretty { } value);
      visible = option.visible or true;
    in
    [
      (
        {
          inherit (option) loc;
          name = showOption option.loc;
          description = option.description or null;
          type = option.type.description;
          readOnly = option.readOnly or false;
          internal = option.internal or false;
          inherit visible;
        }
        // lib.optionalAttrs (option ? defaultText || option ? default) {
          default = value (option.defaultText or option.default);
        }
        // lib.optionalAttrs (option ? example) { example = value option.example; }
      )
    ]
    ++ lib.optionals visible (optionAttrSetToDocList (option.type.getSubOptions option.loc));
}
