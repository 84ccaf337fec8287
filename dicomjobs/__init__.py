"""dicomjobs: a declarative DICOM job runner."""

__version__ = "0.1.0"
