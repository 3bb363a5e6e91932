# Lists.
rec {
  inherit (builtins)
    all
    any
    concatLists
    concatMap
    elem
    elemAt
    filter
    foldl'
    head
    isList
    length
    tail
    ;

  optional = condition: value: if condition then [ value ] else [ ];
  optionals = condition: values: if condition then values else [ ];
  toList = value: if builtins.isList value then value else [ value ];
  last = values: builtins.elemAt values (builtins.length values - 1);

  imap0 = f: values: builtins.genList (n: f n (builtins.elemAt values n)) (builtins.length values);
  drop =
    count: values:
    builtins.genList (n: builtins.elemAt values (n + count)) (builtins.length values - count);

  unique = builtins.foldl' (
    found: value: if builtins.elem value found then found else found ++ [ value ]
  ) [ ];

  reverseList =
    values:
    let
      count = builtins.length values;
    in
    builtins.genList (n: builtins.elemAt values (count - n - 1)) count;
}
