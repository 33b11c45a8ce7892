"""A pickle taken apart opcode by opcode, and never loaded (PEP 3154, PEP 574; opcodes as in CPython's ``pickletools``).

A small machine keeps a stack of what the opcodes would build, as far as it matters: names of imports, arguments of calls, sizes. Whatever
the machine cannot follow to the end is ``Broken``: nobody can say then what loading it would do.
"""

from __future__ import annotations

import pickletools
import re
import struct
from collections.abc import Callable
from typing import Any

from backoffice.inspection.formats._pickle_opcodes import Bytes, Damaged, end_of
from backoffice.inspection.formats._pickle_values import (
    ENCODE,
    LOADS,
    MARK,
    NOWHERE,
    OPAQUE,
    Import,
    Made,
    Memo,
    Span,
    Table,
    name_in,
    named,
)
from backoffice.inspection.report import Broken

# A list of plain numbers, from its MARK to APPENDS, is passed over in one step: it can neither import nor call.
_NUMBERS = re.compile(rb"\((?:K.|M..|J.{4}|G.{8}|[N\x88\x89])+e", re.DOTALL)

_MEMOIZE, _SHORT_BINUNICODE, _BINGET, _BININT = 0x94, 0x8C, 0x68, 0x4A
_WIDTHS = {ord("K"): 1, ord("M"): 2, _BININT: 4}  # of whole numbers
_MARK, _EMPTY_DICT, _SETITEMS, _IN_NUMBERS = 0x28, 0x7D, 0x75, b"KMJGN\x88\x89"
_PLAIN = {ord("N"): 1, 0x88: 1, 0x89: 1, ord("G"): 9}  # None, True, False, and floats: bytes to pass over
_FREQUENT_BYTES = 2 + 255  # the longest of the frequent opcodes: nearer to the end the careful way goes

TORCH_MAGIC = bytes.fromhex("6cfc9c46f9206aa85019")  # the first pickle of a legacy torch file is this number


class Machine:
    """Walks one pickle after another over ``data``. ``imported`` is told every import, ``called`` every call with its arguments."""

    def __init__(self, data: Bytes, size: int, *, imported: Callable[[Import, int], None], called: Callable[[Any, Any, int], None],
                 built: Callable[[Any, Any, int], int]) -> None:  # fmt: skip
        self.data, self.size = data, size
        self.imported, self.called, self.built = imported, called, built
        self.stack: list[Any] = []
        self.memo = Memo(data)
        self.put = 0  # entries of this pickle's memo so far, those that do not matter included
        self.most_put = 0  # of the pickle that has most
        self.highest = 0  # memo index asked for
        self.ops = 0
        self.persistent = 0
        self.resume = 0  # where a built object's raw bytes end; 0 when none follow
        self._do: dict[int, Callable[[int, int], None]] = {
            ord(op.code): getattr(self, f"_{op.name.lower()}") for op in pickletools.opcodes
        }

    def walk(self, at: int) -> int:
        """One pickle from ``at`` to behind its STOP."""
        outer, self.stack = self.stack, []
        memo, self.memo, put, self.put = self.memo, Memo(self.data), self.put, 0
        data, size, do = self.data, self.size, self._do
        while (at := self._frequent(at)) < size:
            code = data[at]
            if code == 0x28 and (run := _NUMBERS.match(data, at)) is not None:
                self._top()
                self.ops += 2
                at = run.end()
                continue
            start, end = end_of(data, at, size)
            self.ops += 1
            if code == 0x2E:
                if len(self.stack) != 1 or self.stack[0] is MARK:
                    raise Damaged(f"STOP: {at}")
                self.stack, self.memo, self.put, self.most_put = outer, memo, put, max(self.most_put, self.put)
                return end
            do[code](start, end)
            at = self.resume or end
            self.resume = 0
        raise Broken("format.truncated", detail="⟦нет опкода STOP|no STOP opcode⟧")

    def _frequent(self, at: int) -> int:
        """The opcodes that files of many small objects are made of, in one loop: twice as fast. Where the next other is."""
        data, stack, memo, push = self.data, self.stack, self.memo, self.stack.append
        ops, put, highest, safe = self.ops, self.put, self.highest, self.size - _FREQUENT_BYTES
        text = NOWHERE  # where the length of the short text stands that was just pushed
        while at < safe:
            code = data[at]
            if code == _MEMOIZE and stack and (value := stack[-1]) is not MARK:
                memo.put(put, value, text)
                highest = put if put > highest else highest
                put, at = put + 1, at + 1
            elif code == _SHORT_BINUNICODE:
                end = at + 2 + data[at + 1]
                push(name_in(data[at + 2 : end]))
                text, at = at + 1, end
                ops += 1
                continue
            elif code == _BINGET and put and data[at + 1] <= highest:
                push(memo.get(data[at + 1]))
                at += 2
            elif code in _WIDTHS:
                end = at + 1 + _WIDTHS[code]
                push(int.from_bytes(data[at + 1 : end], "little", signed=code == _BININT))
                at = end
            elif code in _PLAIN:
                push(OPAQUE)
                at += _PLAIN[code]
            elif code == _MARK and data[at + 1] not in _IN_NUMBERS:
                push(MARK)
                at += 1
            elif code == _EMPTY_DICT:
                push(Table())
                at += 1
            elif code == _SETITEMS:
                self.ops = ops  # should it raise
                self._set(self._popped_to_mark())
                at += 1
            else:
                break
            ops, text = ops + 1, NOWHERE
        self.ops, self.put, self.highest = ops, put, highest
        return at

    # ---- the stack ----

    def _taken(self) -> Any:
        if not self.stack or self.stack[-1] is MARK:
            raise Damaged("⟦стек пуст|stack underflow⟧")
        return self.stack.pop()

    def _top(self) -> Any:
        if not self.stack or self.stack[-1] is MARK:
            raise Damaged("⟦стек пуст|stack underflow⟧")
        return self.stack[-1]

    def _popped_to_mark(self) -> list[Any]:
        stack = self.stack
        for index in range(len(stack) - 1, -1, -1):
            if stack[index] is MARK:
                values = stack[index + 1 :]
                del stack[index:]
                return values
        raise Damaged("⟦нет MARK|no MARK⟧")

    def _push(self, _start: int, _end: int) -> None:
        self.stack.append(OPAQUE)

    _none = _newtrue = _newfalse = _binfloat = _float = _push
    _empty_list = _empty_set = _bytearray8 = _push

    def _bytes(self, start: int, end: int) -> None:
        self.stack.append(Span(start, end) if self.stack and self.stack[-1] == LOADS else OPAQUE)

    _binbytes = _short_binbytes = _binbytes8 = _bytes

    def _nothing(self, _start: int, _end: int) -> None:
        pass

    _stop = _readonly_buffer = _nothing

    def _mark(self, _start: int, _end: int) -> None:
        self.stack.append(MARK)

    def _pop_mark(self, _start: int, _end: int) -> None:
        self._popped_to_mark()

    def _dup(self, _start: int, _end: int) -> None:
        self.stack.append(self._top())

    def _proto(self, start: int, _end: int) -> None:
        if self.data[start] > 5:
            raise Damaged(f"PROTO {self.data[start]}")

    def _frame(self, start: int, end: int) -> None:
        length = struct.unpack_from("<Q", self.data, start)[0]
        if end + length > self.size:
            raise Broken("format.truncated", place=str(start), detail=f"FRAME {length}")

    # ---- numbers and strings that may matter ----

    def _int(self, start: int, end: int) -> None:
        try:
            digits = bytes(self.data[start : min(end, start + 30)]).strip().rstrip(b"L")
            self.stack.append(int(digits))
        except ValueError as problem:
            raise Damaged("INT") from problem

    def _number(self, start: int, end: int) -> None:
        self.stack.append(int.from_bytes(self.data[start:end], "little", signed=end - start == 4))

    _binint = _binint1 = _binint2 = _number
    _long = _int

    def _long1(self, start: int, end: int) -> None:
        few = end - start <= 16
        self.stack.append(int.from_bytes(self.data[start:end], "little", signed=True) if few else 1 << 127)

    _long4 = _long1

    def _text(self, start: int, end: int) -> None:
        if end - start <= 200:
            self.stack.append(name_in(bytes(self.data[start:end])))
        else:
            self.stack.append(Span(start, end) if self.stack[-2:] == [LOADS, ENCODE] else OPAQUE)

    _binunicode = _short_binunicode = _binunicode8 = _binstring = _short_binstring = _text

    def _line(self, start: int, end: int) -> None:
        """STRING and UNICODE: the escapes of protocol 0 are undone, as they may spell a name."""
        raw = bytes(self.data[start : end - 1])
        value: Any = OPAQUE
        if len(raw) <= 400:
            text = raw.decode("ascii", "replace").encode("ascii", "replace").decode("unicode_escape", "replace").strip()
            text = text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
            value = named(text)
        self.stack.append(value)

    _string = _unicode = _line

    # ---- containers ----

    def _empty_tuple(self, _start: int, _end: int) -> None:
        self.stack.append(())

    def _empty_dict(self, _start: int, _end: int) -> None:
        self.stack.append(Table())

    def _tuple(self, _start: int, _end: int) -> None:
        values = self._popped_to_mark()
        self.stack.append(tuple(values) if len(values) <= 16 else OPAQUE)

    def _tuple1(self, _start: int, _end: int) -> None:
        self.stack.append((self._taken(),))

    def _tuple2(self, _start: int, _end: int) -> None:
        second = self._taken()
        self.stack.append((self._taken(), second))

    def _tuple3(self, _start: int, _end: int) -> None:
        third, second = self._taken(), self._taken()
        self.stack.append((self._taken(), second, third))

    def _list(self, _start: int, _end: int) -> None:
        self._popped_to_mark()
        self.stack.append(OPAQUE)

    _frozenset = _list

    def _dict(self, _start: int, _end: int) -> None:
        values = self._popped_to_mark()
        self.stack.append(Table())
        self._set(values)

    def _append(self, _start: int, _end: int) -> None:
        self._taken()
        self._top()

    def _appends(self, _start: int, _end: int) -> None:
        self._popped_to_mark()
        self._top()

    _additems = _appends

    def _setitem(self, _start: int, _end: int) -> None:
        value, key = self._taken(), self._taken()
        self._set([key, value])

    def _setitems(self, _start: int, _end: int) -> None:
        self._set(self._popped_to_mark())

    def _set(self, values: list[Any]) -> None:
        table = self._top()
        if len(values) % 2:
            raise Damaged("SETITEMS")
        if isinstance(table, Table) and len(table.items) < 64:
            for key, value in zip(values[:128:2], values[1:128:2], strict=True):
                if isinstance(key, str):
                    table.items[key] = value

    # ---- the memo ----

    def _remember(self, index: int) -> None:
        self.memo.put(index, self._top())
        self.put += 1
        self.highest = max(self.highest, index)

    def _memoize(self, _start: int, _end: int) -> None:
        self._remember(self.put)

    def _put(self, start: int, end: int) -> None:
        self._remember(self._index(start, end))

    def _binput(self, start: int, end: int) -> None:
        self._remember(int.from_bytes(self.data[start:end], "little"))

    _long_binput = _binput

    def _index(self, start: int, end: int) -> int:
        try:
            return int(bytes(self.data[start : min(end, start + 12)]))
        except ValueError as problem:
            raise Damaged("GET/PUT") from problem

    def _get(self, start: int, end: int) -> None:
        self._recall(self._index(start, end))

    def _binget(self, start: int, end: int) -> None:
        self._recall(int.from_bytes(self.data[start:end], "little"))

    _long_binget = _binget

    def _recall(self, index: int) -> None:
        if index > self.highest or not self.put:
            raise Damaged(f"GET {index}")
        self.stack.append(self.memo.get(index))

    # ---- imports and calls ----

    def _import(self, module: Any, name: Any, at: int) -> Import:
        if not isinstance(module, str) or not isinstance(name, str):
            raise Broken("pickle.hidden_import", place=str(at))
        found = Import(module, name)
        self.imported(found, at)
        return found

    def _pair(self, start: int, end: int) -> tuple[str, str]:
        module, _, name = bytes(self.data[start : end - 1]).decode("utf-8", "replace").partition("\n")
        return module.strip()[:200], name.strip()[:200]

    def _global(self, start: int, end: int) -> None:
        self.stack.append(self._import(*self._pair(start, end), start))

    def _stack_global(self, start: int, _end: int) -> None:
        name, module = self._taken(), self._taken()
        self.stack.append(self._import(module, name, start))

    def _extension(self, start: int, _end: int) -> None:
        raise Broken("pickle.hidden_import", place=str(start))

    _ext1 = _ext2 = _ext4 = _extension

    def _call(self, by: Any, args: Any, at: int) -> None:
        self.called(by, args, at)
        if isinstance(by, Import) and by.name == "getattr" and isinstance(args, tuple) and len(args) == 2:
            owner, name = args
            if isinstance(owner, Import) and isinstance(name, str):
                self.stack.append(self._import(owner.module, f"{owner.name}.{name}", at))
                return
        self.stack.append(Made(by, args))

    def _reduce(self, start: int, _end: int) -> None:
        args, by = self._taken(), self._taken()
        self._call(by, args, start)

    def _newobj(self, start: int, _end: int) -> None:
        args, cls = self._taken(), self._taken()
        self._call(cls, args, start)

    def _newobj_ex(self, start: int, _end: int) -> None:
        self._taken()
        args, cls = self._taken(), self._taken()
        self._call(cls, args, start)

    def _obj(self, start: int, _end: int) -> None:
        values = self._popped_to_mark()
        if not values:
            raise Damaged("OBJ")
        self._call(values[0], tuple(values[1:17]), start)

    def _inst(self, start: int, end: int) -> None:
        args = self._popped_to_mark()
        self._call(self._import(*self._pair(start, end), start), tuple(args[:16]), start)

    def _build(self, start: int, end: int) -> None:
        state = self._taken()
        self.resume = self.built(self._top(), state, end)
        _ = start

    def _persid(self, _start: int, _end: int) -> None:
        self.persistent += 1
        self.stack.append(OPAQUE)

    def _binpersid(self, _start: int, _end: int) -> None:
        self._taken()
        self._persid(0, 0)

    def _next_buffer(self, start: int, _end: int) -> None:
        raise Damaged(f"NEXT_BUFFER: {start}")  # needs buffers that no file has

    def _pop(self, _start: int, _end: int) -> None:
        if not self.stack:
            raise Damaged("⟦стек пуст|stack underflow⟧")
        self.stack.pop()
