module forgeshop.example/forgeid

go 1.19
