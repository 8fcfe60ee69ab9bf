from tests.support.http_server import no_pauses, served

__all__ = ["no_pauses", "served"]
