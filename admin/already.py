"""What somebody asks for and is so already: told quietly, since a doubled click asks twice."""


class AlreadySo(Exception):
    """Nothing had to be done; ``text`` says how it is, as a sentence."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
