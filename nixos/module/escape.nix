# Texts in the files of systemd.
{ lib }:
rec {
  # A percent sign begins a specifier.
  specifiers = lib.replaceStrings [ "%" ] [ "%%" ];

  # A path in a list: the list is read as words, which may have quotes and escapes in them.
  listed =
    path: ''"${lib.replaceStrings [ "\\" "\"" ] [ "\\\\" "\\\"" ] (specifiers (toString path))}"'';

  # In a tmpfiles rule, blanks separate fields, and fields may have quotes and escapes in them.
  tmpfiles =
    path:
    lib.replaceStrings
      [
        "\\"
        " "
        "\""
        "'"
      ]
      [
        "\\\\"
        "\\x20"
        "\\\""
        "\\'"
      ]
      (specifiers path);

  # The rules that change what is there take a pattern of paths.
  tmpfilesPattern =
    path:
    tmpfiles (
      lib.replaceStrings
        [
          "\\"
          "*"
          "?"
          "["
        ]
        [
          "\\\\"
          "\\*"
          "\\?"
          "\\["
        ]
        path
    );
}
