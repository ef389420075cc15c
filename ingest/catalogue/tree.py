"""A README and what it links → one tree of nodes: each block with its title, its links and their roles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from ingest.catalogue.blocks import OVER, Block, BlockKind, Piece, plain, tidy, walk
from ingest.catalogue.context import (
    aside_of_its_lead,
    below_their_titles,
    in_order,
    is_only_about_the_course,
    lists_days,
    name_by_its_page,
    not_of_it,
    told_by_their_host,
)
from ingest.catalogue.folder import DECKS, PAGES, CourseFolder, Place, Target, locate
from ingest.catalogue.nodes import Node, all_below, all_links, merged, natural
from ingest.catalogue.roles import Found, find_links, remarks_of, split_remark
from ingest.catalogue.tables import read_rows
from ingest.catalogue.titles import title_of, title_of_path
from ingest.catalogue.words import (
    Mark,
    Rank,
    Role,
    aside_of,
    aside_path,
    is_bare_label,
    is_no_lecture,
    names_programme,
    role_of,
)
from ingest.links import VIDEO_TYPES

_MAX_NODES = 60_000
_MAX_GRAFTS = 3_000
_MAX_DEPTH = 12  # of pages that link folders whose pages link folders …
_ASIDE_WORDS = 7  # a heading of more words is about a subject, whatever words are in it
_LINKED_DEPTH = 1  # a linked folder may keep its slides in a folder of its own
_FEW_LESSONS = 3
_WORDS = re.compile(r"[^\W_]+")
_NUMBERED = re.compile(r"\W*[^\W\d_]{0,9}[ _-]?\d")


class TreeBuilder:
    """Builds the tree, reading each page and folder once, where it is linked first."""

    def __init__(self, folder: CourseFolder, read: Callable[[str], Block | None]) -> None:
        self.folder = folder
        self._read = read
        self.seen: set[str] = set()
        self._claimed: dict[str, str] = {}  # what is linked → the page nearest to the top that does
        self._leads: Counter[str] = Counter()  # how many each page is the first to link
        self.grafted: list[str] = []  # folders that lines link, in order
        self.named: set[str] = set()  # files that a page links, wherever it does
        self.owned: set[str] = set()  # folders whose page says which of their files are the slides
        self._grafts = 0
        self._depth = 0
        self._made = 0

    def copy(self) -> TreeBuilder:
        """The same, for trying something out."""
        other = TreeBuilder(self.folder, self._read)
        other.seen, other.named, other.owned = set(self.seen), set(self.named), set(self.owned)
        other._claimed, other._leads = dict(self._claimed), Counter(self._leads)
        return other

    def page(self, path: str, *, grafts: bool = True) -> tuple[Block | None, list[Node]]:
        """The nodes of a page; what its lines link is put below them, if `grafts`."""
        self.seen.add(path)
        root = self._read(path)
        if root is None:
            return None, []
        self._note_names(path, root)
        return root, self._nodes(root.children, path, None, None, grafts)

    def _note_names(self, path: str, root: Block) -> None:
        """Remember which files a page names, before a folder that it links is looked into."""
        for block in walk(root):
            for piece in [*block.line, *(piece for cell in block.cells for piece in cell.pieces)]:
                place = locate(self.folder, path, piece.href) if piece.href else None
                if place and place.local and place.target is not Target.FOLDER:
                    self.named.add(place.place)
                if place and place.local and place.place not in self._claimed:
                    self._claimed[place.place] = path
                    self._leads[path] += 1

    def _nodes(
        self, blocks: Sequence[Block], page: str, role: Role | None, aside: Role | None, grafts: bool
    ) -> list[Node]:
        found: list[Node] = []
        for block in blocks:
            self._made += 1
            if self._made > _MAX_NODES:
                break
            if block.kind is BlockKind.TABLE:
                found += self._table(block, page, role, aside, grafts)
            else:
                node = self._node(block, page, role, aside, grafts)
                found += [node, *not_of_it(node)]
        return below_their_titles(found)

    def _node(self, block: Block, page: str, role: Role | None, aside: Role | None, grafts: bool) -> Node:
        title, mark, text = title_of(block.line)
        if mark.rank is Rank.NONE and block.number is not None:
            mark = Mark(Rank.BARE, str(block.number))
        whole = tidy(plain([piece for piece in block.line if not piece.struck]))
        node = Node(block.kind, page, title, mark, text, whole.rstrip(": "))
        node.title, node.remarks = split_remark(title)
        node.remarks += remarks_of(block.line)
        node.shape = f"{block.kind}{block.level or ''}"
        stands_over = block.kind in OVER or bool(block.children)
        if (stands_over or block.kind is BlockKind.ITEM) and len(_WORDS.findall(whole)) <= _ASIDE_WORDS:
            heads = block.kind in OVER and mark.rank is Rank.NONE
            node.aside = aside_of(whole, whole=not heads) if mark.rank < Rank.WEEK else None
        if block.kind is BlockKind.ITEM and is_no_lecture(whole) and not any(piece.href for piece in block.line):
            node.aside = Role.ABOUT
        if aside is Role.ABOUT and block.kind is BlockKind.HEADING and names_programme(whole):
            aside = None
        node.aside = aside or node.aside or aside_of_its_lead(block)
        inherited = role if not stands_over or node.title else role_of(whole) or role
        node.links = find_links(self.folder, page, block.line, role=inherited)
        below = (
            role_of(whole)
            if stands_over and is_bare_label(whole)
            else inherited
            if block.kind is BlockKind.ITEM
            else None
        )
        node.children = self._nodes(block.children, page, below or role, node.aside, grafts)
        told_by_their_host(node)
        if block.kind is BlockKind.TERM:
            node.kind = BlockKind.ITEM
            # a day is called what is first on it
            node.title = node.title or next((below.title for below in in_order(node) if below.title), "")
        if grafts and not node.aside:
            self.graft(node)
        if block.kind is BlockKind.ITEM and not whole and node.links:
            name_by_its_page(node)
        if block.kind is BlockKind.ITEM and is_only_about_the_course(node):
            node.aside = Role.ABOUT
        return node

    def _table(self, block: Block, page: str, role: Role | None, aside: Role | None, grafts: bool) -> list[Node]:
        found: list[Node] = []
        over: Node | None = None
        for row in read_rows(self.folder, page, block, role):
            if row.section:
                over = Node(
                    BlockKind.LEAD, page, title_of((Piece(row.section),))[0], name=row.section, shape="table section"
                )
                found.append(over)
                continue
            node = Node(
                BlockKind.ROW, page, row.title, row.mark, row.text, row.title, row.links, aside=aside or row.aside
            )
            node.shape, node.programme, node.remarks = f"row {row.shape}", row.programme, row.remarks
            if grafts and not node.aside:
                self.graft(node)
            (over.children if over else found).append(node)
        return found

    # --- what a line links -----------------------------------------------------------------------------

    def graft(self, node: Node) -> None:
        """Put the folders and pages that a line links below it."""
        if self._depth >= _MAX_DEPTH:
            return
        self._depth += 1
        self._graft(node)
        self._depth -= 1

    def _graft(self, node: Node) -> None:
        for link in node.links:
            place = link.place
            if not place.local or place.place in self.seen or self._grafts > _MAX_GRAFTS or link.role is Role.HOMEWORK:
                continue
            if self._claimed.get(place.place, node.page) != node.page:
                continue  # a page above names it: there it belongs
            if place.target is Target.PAGE and not aside_path(place.place):
                readme = PurePosixPath(place.place).name.lower().startswith(("readme.", "index."))
                parent = PurePosixPath(place.place).parent.as_posix()
                if readme and parent not in (".", PurePosixPath(node.page).parent.as_posix()):
                    self._grafts += 1
                    node.children.append(self.folder_node(parent, node.page))
                else:
                    self._grafts += 1
                    node.children.append(self.page_node(place.place))
            elif place.target is Target.FOLDER and self._leads_down(place.place, node.page):
                self._grafts += 1
                node.children.append(below := self.folder_node(place.place, node.page))
                own = self.folder.readme(place.place)
                if own is not None and not any(inner.what for inner in all_links([below])):
                    page = Found("", Place(Target.PAGE, own, local=True), None, "page")
                    node.links = [*node.links, page]  # the page is all that is there

    def _leads_down(self, folder: str, page: str) -> bool:
        """Whether a folder is not one that the page itself lies in: that link is for finding the way back."""
        return bool(folder) and not page.startswith(f"{folder}/") and not aside_path(f"{folder}/")

    def page_node(self, path: str) -> Node:
        """A page as a lesson: what it holds and links belongs to it."""
        self.seen.add(path)
        root = self._read(path)
        node = Node(BlockKind.FILE, path, path=path, shape="page")
        node.links = [Found("", Place(Target.PAGE, path, local=True), None, "page")]
        if root is None:
            return node
        heading = next((block for block in root.children if block.kind is BlockKind.HEADING), None)
        named = root.meta.get("title", "")
        node.title, node.mark, _ = title_of((Piece(named),)) if named else title_of(heading.line if heading else ())
        node.name = named or (heading.text if heading else "")
        node.title = node.title or tidy(named)
        node.links += [
            link
            for key, value in root.meta.items()
            for link in find_links(self.folder, path, _front_matter(key, value))
        ]
        self.named.update(link.place.place for link in node.links)
        self._note_names(path, root)
        lists = self._leads[path] >= _FEW_LESSONS or lists_days(root)
        # a page that is the first to link many is a list of lectures; else its links to others lead on and back
        held = [block for block in map(_linked, root.children) if block is not None]
        node.children = self._nodes(held, path, None, None, grafts=lists)
        if not lists:
            for child in all_below(node):
                child.links = [
                    link._replace(what="") if link.what in ("page", "folder") else link for link in child.links
                ]
        return node

    def folder_node(self, path: str, page: str) -> Node:
        """A folder that is linked: its page; its files where that names no slides, or where there is none."""
        self.seen.add(path)
        self.grafted.append(path)
        node = Node(BlockKind.FOLDER, page, path=path, shape="folder")
        node.title, node.mark = title_of_path(path)
        if node.mark.rank is Rank.NONE and is_bare_label(node.title):
            node.title = ""  # "slides18" says nothing of what they are about
        readme = self.folder.readme(path)
        if readme is not None and readme not in self.seen:
            _, node.children = self.page(readme)
        if any(link.what == "deck" for link in all_links(node.children)):
            self.owned.add(path)
        else:
            node.children += self.files(path, depth=_LINKED_DEPTH)
            node.links += self._notebooks(path)
        return node

    def _notebooks(self, place: str) -> list[Found]:
        """The notebooks in a folder that nobody links, as the folder's own: several are one lecture."""
        paths = [
            path
            for path in self.folder.folders.get(place, ())
            if path.lower().endswith(".ipynb") and path not in self.seen | self.named and not aside_path(path)
        ]
        self.seen.update(paths)
        return [
            Found("", Place(Target.NOTEBOOK, path, local=True), Role.NOTEBOOK, "notebook")
            for path in sorted(paths, key=natural)
        ]

    def files(self, place: str, *, pages: bool = False, depth: int = 0) -> list[Node]:
        """The decks and recordings in a folder that nobody links, and those in folders up to `depth` below it."""
        named = [
            path
            for path in self.folder.folders.get(place, ())
            if path not in self.seen and path not in self.named and not aside_path(path)
        ]
        taken = [path for path in named if PurePosixPath(path).suffix.lower() in DECKS | VIDEO_TYPES.keys()]
        found = self._lessons(named) if pages else []
        nodes = merged([self.file_node(path) for path in sorted(taken, key=natural)]) + found
        if depth:
            for name in self.folder.below(place):
                if name not in self.seen and not aside_path(f"{name}/"):
                    nodes += self.files(name, depth=depth - 1)
        return nodes

    def _lessons(self, paths: Sequence[str]) -> list[Node]:
        """Pages that are lessons: three or more side by side that are numbered, or dated in their front matter."""
        pages = [path for path in paths if PurePosixPath(path).suffix.lower() in PAGES]
        numbered = [path for path in pages if _NUMBERED.match(PurePosixPath(path).stem)]
        if len(numbered) >= _FEW_LESSONS:
            return [self.page_node(path) for path in sorted(numbered, key=natural)]
        dated: list[tuple[tuple[str, float, str], str]] = []
        for path in pages if len(pages) >= _FEW_LESSONS else []:
            root = self._read(path)
            meta = root.meta if root is not None else {}
            date, order = meta.get("date", ""), meta.get("order", "") or meta.get("weight", "")
            if meta.get("title") and (date or order or any(role_of(key) is Role.VIDEO for key in meta)):
                number = float(order) if order.replace(".", "", 1).isdecimal() else 0.0
                dated.append(((date, number, path), path))
        return [self.page_node(path) for _, path in sorted(dated)] if len(dated) >= _FEW_LESSONS else []

    def file_node(self, path: str) -> Node:
        """A file that nobody links."""
        self.seen.add(path)
        title, mark = title_of_path(path)
        if len(title) > 1 and is_bare_label(title):
            title = ""  # "slides.pdf" says nothing of what they are about
        suffix = PurePosixPath(path).suffix.lower()
        role = role_of(re.sub(r"[_\d]+", " ", PurePosixPath(path).stem))
        if suffix in PAGES:
            return self.page_node(path)
        target = Target.VIDEO if suffix in VIDEO_TYPES else Target.DECK
        what = "video" if suffix in VIDEO_TYPES else "notes" if role is Role.NOTES else "deck"
        link = Found("", Place(target, path, local=True, known=True), role, what)
        return Node(BlockKind.FILE, path, title, mark, links=[link], path=path, shape="file", name=title)


def _front_matter(key: str, value: str) -> tuple[Piece, ...]:
    """A line of front matter as a link, where its value is one: `video: https://…`, `slides: a.pdf`, `id: 8s_…`."""
    inner = key.rpartition(".")[2]
    if value.startswith(("http://", "https://")):
        return (Piece(inner if is_bare_label(inner) else key.replace(".", " "), value),)
    if PurePosixPath(value).suffix.lower() in DECKS | VIDEO_TYPES.keys():
        return (Piece(key.replace(".", " "), value),)
    if re.fullmatch(r"[A-Za-z0-9_-]{11}", value) and role_of(key.replace(".", " ").replace("_", " ")) is Role.VIDEO:
        return (Piece(key, f"https://youtu.be/{value}"),)
    return ()


def _linked(block: Block) -> Block | None:
    """A block with only what links something: the prose of a lesson is notes, no list of lectures."""
    children = [child for child in map(_linked, block.children) if child is not None]
    pieces = [*block.line, *(piece for cell in block.cells for piece in cell.pieces)]
    if not children and not any(piece.href for piece in pieces):
        return None
    # of a timetable the days without slides are lectures too
    return block if block.kind is BlockKind.TABLE else replace(block, children=children)
