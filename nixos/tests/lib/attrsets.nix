# Attribute sets.
{ lib }:
rec {
  inherit (builtins)
    attrNames
    attrValues
    isAttrs
    listToAttrs
    mapAttrs
    ;

  nameValuePair = name: value: { inherit name value; };
  mapAttrsToList = f: attrs: map (name: f name attrs.${name}) (builtins.attrNames attrs);
  mapAttrs' = f: attrs: builtins.listToAttrs (mapAttrsToList f attrs);
  genAttrs = names: f: builtins.listToAttrs (map (name: nameValuePair name (f name)) names);
  optionalAttrs = condition: attrs: if condition then attrs else { };

  filterAttrs =
    keep: attrs:
    removeAttrs attrs (builtins.filter (name: !keep name attrs.${name}) (builtins.attrNames attrs));

  # The values that fulfil a condition, at any depth, but not within one another.
  collect =
    wanted: value:
    if wanted value then
      [ value ]
    else if builtins.isAttrs value then
      builtins.concatMap (collect wanted) (builtins.attrValues value)
    else
      [ ];

  # The second wins, but where both have attribute sets.
  recursiveUpdate =
    left: right:
    if builtins.isAttrs left && builtins.isAttrs right then
      left
      // builtins.mapAttrs (
        name: value: if left ? ${name} then recursiveUpdate left.${name} value else value
      ) right
    else
      right;

  setAttrByPath =
    path: value:
    if path == [ ] then
      value
    else
      { ${builtins.head path} = setAttrByPath (builtins.tail path) value; };

  isDerivation = value: value.type or null == "derivation";
  getBin = package: package.bin or package.out or package;
  getExe' = package: name: "${getBin package}/bin/${name}";
}
