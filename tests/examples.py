#!/usr/bin/python3
"""The examples of manuals and of README.md, for tests/examples.bats: examples.py FILE

Prints each example as the shell gets it, NUL-terminated. In a manual, examples are the literal displays
(.Bd -literal, .Dl) of the section EXAMPLES. In Markdown, they are blocks that are indented by four
spaces or fenced as sh, bash, shell, console or without a language. Blocks with non-ASCII characters are
pictures and skipped, except for sessions, which begin with a prompt, `$ ` or `# `, and are printed with
their output.
"""
import re
import sys
import textwrap

SHELLS = ('', 'sh', 'bash', 'shell', 'console')


class Malformed(Exception):
    """An unknown construct: an error is better than an example that is never run."""


def unescaped(line):
    """A line of a literal display as it is printed."""
    known = {'e': '\\', '&': '', '-': '-', '(aq': "'", '(dq': '"', '(ti': '~', '(ha': '^', '(ga': '`'}

    def character(match):
        if match[1] not in known:
            raise Malformed(f'escape {match[0]}')
        return known[match[1]]

    return re.sub(r'\\(\(..|.)', character, line)


def of_manual(lines):
    """Of a page in mdoc(7)."""
    section, display = '', None
    for line in lines:
        words = line.split()
        if display is not None:
            if words[:1] == ['.Ed']:
                yield '\n'.join(display)
                display = None
            elif line.startswith('.'):
                raise Malformed(f'a macro in a literal display: {line}')
            else:
                display.append(unescaped(line))
        elif words[:1] == ['.Sh']:
            section = ' '.join(words[1:])
        elif section != 'EXAMPLES':
            continue
        elif words[:1] == ['.Bd']:
            if '-literal' not in words:
                raise Malformed(f'a display that is not literal: {line}')
            display = []
        elif words[:1] == ['.Dl']:
            if '"' in line:
                raise Malformed(f'quotes, which .Dl takes away: {line}')
            yield unescaped(line[4:])
    if display is not None:
        raise Malformed('a display without an end')


def blocks_of_markdown(lines):
    """The blocks that may be commands."""
    block, fence, before = [], None, ''
    for line in lines:
        if fence is not None:
            if line.strip() != '```':
                block.append(line)
                continue
            if fence in SHELLS:
                yield '\n'.join(block)
            block, fence = [], None
        elif line.startswith('    ') and (block or not before.strip()):
            block.append(line)
        elif block and not line.strip():
            block.append('')
        else:
            if block:
                yield '\n'.join(block)
            block = []
            if line.lstrip().startswith('```'):
                fence = line.strip()[3:].strip()
        before = line
    if fence is not None:
        raise Malformed('a fence without an end')
    if block:
        yield '\n'.join(block)


def of_markdown(lines):
    """Of README.md and its like."""
    for block in blocks_of_markdown(lines):
        block = textwrap.dedent(block).strip('\n')
        if block.isascii() or block.startswith(('$ ', '# ')):
            yield block


def main():
    path = sys.argv[1]
    with open(path, encoding='utf-8') as file:
        lines = file.read().split('\n')
    try:
        for example in (of_markdown if path.endswith('.md') else of_manual)(lines):
            sys.stdout.write(example + '\0')
    except Malformed as error:
        sys.exit(f'{path}: {error}')


if __name__ == '__main__':
    main()
