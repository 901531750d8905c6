"""Files in a bucket of S3, by name; the bucket's own rules forget them after a day."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.service.ports import FileGone
from chalicelib.store.job_clients import blaming, code_of, make_client


_GONE = frozenset({"NoSuchUpload", "InvalidPart", "NoSuchKey", "404"})


class FileBucket:
    """The `FileStore` over one bucket of this region."""

    def __init__(self, bucket: str, region: str) -> None:
        self._bucket = bucket
        self._region = region

    @property
    def _s3(self) -> Any:
        return make_client("s3", self._region)

    def begin(self, name: str, content_type: str) -> str:
        """CreateMultipartUpload; see FileStore. People save the file under its own name."""
        shown = name.rpartition("/")[2]
        with _blaming_the_bucket():
            begun = self._s3.create_multipart_upload(
                **self._at(name),
                ContentType=content_type,
                ContentDisposition=f'attachment; filename="{shown}"',
            )
        return str(begun["UploadId"])

    def put_part(self, name: str, upload: str, number: int, data: bytes) -> str:
        """UploadPart; see FileStore."""
        with _blaming_the_bucket():
            put = self._s3.upload_part(
                **self._at(name), UploadId=upload, PartNumber=number, Body=data
            )
        return str(put["ETag"])

    def complete(self, name: str, upload: str, parts: Sequence[str]) -> None:
        """CompleteMultipartUpload; see FileStore."""
        numbered = [{"PartNumber": at, "ETag": tag} for at, tag in enumerate(parts, 1)]
        with _blaming_the_bucket():
            self._s3.complete_multipart_upload(
                **self._at(name), UploadId=upload, MultipartUpload={"Parts": numbered}
            )

    def put(self, name: str, data: bytes) -> None:
        """PutObject; see FileStore."""
        with _blaming_the_bucket():
            self._s3.put_object(**self._at(name), Body=data)

    def get(self, name: str) -> bytes:
        """GetObject; see FileStore."""
        with _blaming_the_bucket():
            return bytes(self._s3.get_object(**self._at(name))["Body"].read())

    def url_of(self, name: str, works_for: int) -> str:
        """A presigned GetObject, which asks nobody; see FileStore."""
        return str(
            self._s3.generate_presigned_url(
                "get_object", Params=self._at(name), ExpiresIn=works_for
            )
        )

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": name}


@contextmanager
def _blaming_the_bucket() -> Iterator[None]:
    with blaming("The bucket of files"):
        try:
            yield
        except ClientError as error:
            if code_of(error) in _GONE:
                raise FileGone from error
            raise
